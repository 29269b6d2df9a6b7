# Models of all families, each damaged in one place, and families mixed: one message, status 3, nothing else.
python3 "$SOURCE/tests/cli/hostile_models.py" "$SOURCE/tests/parity/models"
for model in *.safetensors; do
    status maskmill info "$model"
done
status maskmill run --quiet --model hiera_nan.safetensors "$IMAGES/tall.png" -o out
