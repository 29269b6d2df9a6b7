# What a checkpoint is.
maskmill info "$MODEL" | sed "s|$SOURCE|SOURCE|; /^defaults/,\$d"
