# A model of a family that is not read is named as what it is.
python3 "$SOURCE/tests/cli/unread_models.py" "$MODEL"
for model in *.pt *.safetensors; do
    status maskmill info "$model"
done
