# The manual page has the usual sections and every option of `run`, and is sound for what formats it.
maskmill help --man >maskmill.1
grep '^\.S[HS]' maskmill.1
maskmill run --help | sed -nE 's/^ +(-[a-z], )?--([a-z0-9-]+).*/\2/p' | sed 's/-/\\\\-/g' | while read -r name; do
    grep -q -- "\\\\-\\\\-$name" maskmill.1 || echo "--$name is missing"
done
if command -v mandoc >/dev/null; then mandoc -T lint -W error maskmill.1; fi
if command -v groff >/dev/null; then groff -man -ww -z maskmill.1; fi
