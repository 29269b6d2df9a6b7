# `maskmill predict --text-prompt`: a text as a prompt, for a model with a projection of CLIP's embeddings.
cp "$IMAGES/tall.png" .
python3 "$SOURCE/tests/cli/text_models.py" "$MODEL"
predict() { maskmill predict --quiet --model sam.safetensors "$@"; }
say() {
    python3 -c 'import json, sys
for a in json.load(sys.stdin)["annotations"]:
    print(a["id"], a["source"], a.get("point_coords"), "area %d, iou %.4f" % (a["area"], a["predicted_iou"]))'
}

echo "-- a text alone, of any case; another text; with points, boxes and masks"
predict tall.png --text-prompt "a cat" --clip clip.safetensors --json | say
predict tall.png --text-prompt " A  CAT " --clip clip.safetensors --clip-vocab merges.txt --json | say
predict tall.png --text-prompt "a dog" --clip clip.safetensors --json | say
predict tall.png --text-prompt "a dog" --clip clip.safetensors --multimask -o out
say <out/tall.json
predict tall.png --point 40,100 --json | say
predict tall.png --point 40,100 --text-prompt "a cat" --clip clip.safetensors --json | say
predict tall.png --point 40,100 --box 10,20,80,200 --text-prompt "a cat" --clip clip.safetensors --json | say
predict tall.png --box 10,20,80,200 --box -5,0,300,100.5 --text-prompt "a cat" --clip clip.safetensors --json | say
echo '{"prompts": [{"points": [[40, 100, 1]]}, {"box": [10, 20, 80, 200]}]}' >prompts.json
predict tall.png --prompts prompts.json --text-prompt "a cat" --clip clip.safetensors --json | say
maskmill verify out | sed 's/^/verify: /'

echo "-- refused"
status maskmill predict --quiet --model "$MODEL" tall.png --text-prompt "a cat" --clip clip.safetensors --json
status predict tall.png --text-prompt "a cat" --json
status predict tall.png --point 40,100 --clip clip.safetensors --json
status predict tall.png --text-prompt "a cat" --clip missing --json
status predict tall.png --text-prompt "cat dog cat dog cat dog cat" --clip clip.safetensors --json
status predict tall.png --text-prompt "a cat" --clip wide.safetensors --json
printf '#version\na t</w>\n' >few.txt
status predict tall.png --text-prompt "a cat" --clip clip.safetensors --clip-vocab few.txt --json
rm merges.txt
status predict tall.png --text-prompt "a cat" --clip clip.safetensors --json
status predict --serve-ndjson --text-prompt "a cat" --clip clip.safetensors
