# The same bytes for any number of threads, over repeated runs, and for any batch of prompts.
for options in '--threads 1' '--threads 2' '--threads 3 --points-per-batch 5' '--threads 1 --points-per-batch 1' '--threads 2'; do
    maskmill run $QUICK $options "$IMAGES/enlarged.png" -o "out$options"
    sha256sum <"out$options/enlarged.json"
done | sort -u | wc -l
