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

# Folders and shards. The SHA-256 is that of the shards, one after the other.
describe plain old shards shards/model.safetensors.index.json old_shards links
[ "$(maskmill info shards | sed -n 's/^sha256 *//p')" = "$(cat shards/*.safetensors | sha256sum | cut -d ' ' -f 1)" ] &&
    echo "the sum of all shards"
for model in plain shards old_shards; do
    records "$model" "out-$model" | cmp - expected && echo "$model: the same masks"
done
describe nothing gap outside absolute dots none line itself number many broken twice
status maskmill info gap 2>/dev/null
