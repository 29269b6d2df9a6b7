# Wrong usage: one line that names what is wrong, status 2, nothing written.
status maskmill 2>&1 | tail -n 1
status maskmill nonsense 2>&1 | sed -n '1p;$p'
status maskmill run
status maskmill run a.png
status maskmill run -o out
status maskmill run --no-such-option a.png -o out
status maskmill run a.png -o
tree .
