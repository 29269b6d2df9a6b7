# Help goes to standard output and is no failure; every command has it.
for command in run export verify stats info fetch-model bench eval; do
    maskmill $command --help | grep -c . >/dev/null && echo "$command"
done
