# What --spool, --get and --put refuse before anything begins, and stores that do not answer.
run() {
    status maskmill run $QUICK "$@"
}
run s3://b/x.tar -o s3://b/out --spool spool
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp {} {}'
run s3://b/x.tar -o s3://b/out --get 'cp {} {}'
run s3://b/x.tar -o s3://b/out --put 'cp {} {}'
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp {}' --put 'cp {} {}'
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp "{}" "{}"' --put 'cp {} {}'
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp'
run s3://b/x.tar -o - --spool spool --get 'cp {} {}' --put 'cp {} {}'
run s3://b/x.tar --spool spool --get 'cp {} {}' --put 'cp {} {}'
ls
run s3://b/x.jpg -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp {} {}'
run s3://b/ -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp {} {}'
run s3://b/x.tar s3://c/x.tar -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp {} {}'
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp {} {}' --to files
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp {} {}' --report
run s3://b/x.tar -o s3://b/out --spool spool --get 'cp {} {}' --put 'cp {} {}' --tile 512

run s3://b//out/x.tar -o s3://b/out/ --spool spool --get 'cp {} {}' --put 'cp {} {}'
echo s3://b/x.tar >list
run --list list -o s3:// --spool spool --get 'cp {} {}' --put 'cp {} {}'

echo "-- a store that does not answer"
seconds='s/[0-9]* seconds/N seconds/'
run s3://b/x.tar -o s3://b/out --spool spool --retries 0 --get 'echo no such store >&2; exit 7; {} {}' \
    --put 'cp {} {}' 2>&1 | sed 's/in\/[0-9a-f.]*\//in\/PROCESS\//'
