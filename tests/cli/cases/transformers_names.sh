# Files with the names of transformers: the same weights give the same bytes as with the official names.
python3 "$SOURCE/tests/cli/transformers_checkpoints.py" "$MODEL"
describe() {
    for model; do
        echo "$model"
        maskmill info "$model" 2>&1 | grep -E '^(format|names of|weights in|prefix dropped|parameters|maskmill)' || true
    done
}
describe one.safetensors both.safetensors other.safetensors prefix.safetensors pickle.bin
maskmill info --json one.safetensors | grep -oE '"names_of": "[^"]*"'
maskmill info --json "$MODEL" | grep -oE '"names_of": "[^"]*"'

records() {
    maskmill run $QUICK --model "$1" "$IMAGES/tall.png" -o "$2" && sed 's/.*"annotations"//' "$2/tall.json"
}
records "$MODEL" official >expected
grep -c counts expected
for model in one.safetensors other.safetensors prefix.safetensors pickle.bin; do
    records "$model" "out-$model" | cmp - expected && echo "$model: the same masks"
done

# What is wrong is named as the file calls it, with what was expected.
describe twins.safetensors missing.safetensors unshaped.safetensors nohead.safetensors shape.safetensors nan.safetensors \
    stranger.safetensors
