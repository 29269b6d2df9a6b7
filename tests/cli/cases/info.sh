# What a checkpoint is.
maskmill info "$MODEL" | sed "s|$SOURCE|SOURCE|; /^defaults/,\$d"
maskmill info --image-size 512 | grep -E '^(image size|embedding|mask logits)'
status maskmill info --image-size 8193
status maskmill info --image-size 24
