# Unusable models end the run with status 3.
echo 'this is text' >text.pth
: >empty.safetensors
head -c 4000 "$MODEL" >truncated.safetensors
for model in missing.pth text.pth empty.safetensors truncated.safetensors "$SOURCE"; do
    status maskmill run --quiet --model "$model" "$IMAGES/tall.png" -o out
done 2>&1 | sed "s|$SOURCE|SOURCE|"
status maskmill info text.pth
[ -z "$(find . -name "*.json")" ] && echo nothing written
