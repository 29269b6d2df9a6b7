# Programs that answer requests, with a standard input that is closed.
status maskmill pipe $QUICK <&-
status maskmill predict --model "$MODEL" --serve-ndjson <&-
