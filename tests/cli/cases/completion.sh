# bash completes commands, options, their values, and operands; the files for other shells are sound where these are there.
command -v bash >/dev/null || exit 77
maskmill help --completion bash >maskmill.bash
mkdir photos photons
touch plan.txt
# complete WORD...: what the last word may become
cat >complete <<'BASH'
. ./maskmill.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_maskmill
echo "$*: $(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')"
BASH
complete() { bash complete maskmill "$@"; }
complete ''
complete st
complete run --crop
complete run -
complete export --
complete run --precision ''
complete run --precision b
complete run --precision = b
complete run --non-overlapping = ''
complete run --points-per-side ''
complete run p
complete run --model p
complete run photos -o p
complete status p
complete fetch-model ''
complete help m
complete help --completion ''
for shell in zsh fish; do
    maskmill help --completion $shell >$shell.completion
    if command -v $shell >/dev/null; then $shell -n $shell.completion; fi
done
