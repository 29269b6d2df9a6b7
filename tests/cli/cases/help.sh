# Help goes to standard output and is no failure; every command has it.
for command in run pipe predict status merge export verify stats report review similar show filter label info fetch-model eval bench help; do
    maskmill $command --help | grep -c . >/dev/null && echo "$command"
done
maskmill --help >list
maskmill help | cmp - list
maskmill run --help >run
maskmill help run | cmp - run
status maskmill help nonsense
