# What the cases share; read before each of them.

IMAGES=$SOURCE/tests/parity/images
# A small model (random weights) and options with which it finds masks quickly.
MODEL=$SOURCE/tests/parity/models/vit_xs.safetensors
QUICK="--quiet --model $MODEL --points-per-side 4 --box-nms-thresh 1 --pred-iou-thresh 0 --stability-score-thresh 0"

# status COMMAND...: runs it and prints its exit status, whatever that is.
status() {
    code=0
    "$@" || code=$?
    echo "status $code"
}

# limit_memory KIB: of each program from here on. What an emulator needs for itself comes on top (tests/arm64/live).
limit_memory() {
    ulimit -v $(($1 + ${EMULATOR_KIB:-0}))
}

# Prints what is in a folder, one path a line.
tree() {
    (cd "$1" && find . -type f ! -path "*/.maskmill/*" | sort)
}
