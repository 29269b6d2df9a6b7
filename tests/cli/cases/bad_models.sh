# Unusable models end the run with status 3.
echo 'this is text' >text.pth
: >empty.safetensors
head -c 4000 "$MODEL" >truncated.safetensors
for model in missing.pth text.pth empty.safetensors truncated.safetensors "$SOURCE"; do
    status maskmill run --quiet --model "$model" "$IMAGES/tall.png" -o out
done 2>&1 | sed "s|$SOURCE|SOURCE|"
status maskmill info text.pth

# What a file is instead, and what to do.
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:ec2df6\nsize 375042383\n' >pointer.pth
printf '<!DOCTYPE html>\n<html>' >page.pth
printf 'GGUF\003\000\000\000' >model.gguf
printf '\010\010\022\007pytorch\032\0052.1.0:' >model.onnx
printf '\010\001\022\363\232\004\012\220\004\012\016unknown' >saved_model.pb
python3 -c 'import zipfile
with zipfile.ZipFile("script.pt", "w") as archive:
    for name in "data.pkl", "code/__torch__.py", "constants.pkl":
        archive.writestr("script/" + name, "N.")'
for model in pointer.pth page.pth model.gguf model.onnx saved_model.pb script.pt; do
    status maskmill info "$model"
done
[ -z "$(find . -name "*.json")" ] && echo nothing written
