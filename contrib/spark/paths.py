"""The masks of images that a text file names, one path a line, all on storage that every executor sees, with Spark.

    spark-submit paths.py LIST PARTS OUT [option of maskmill pipe...]

OUT becomes a folder of text files with the answers of `maskmill pipe` (docs/pipe.md), one JSON line an image. Spark starts a
pipe for each of the PARTS, and repeats a part whose pipe fails or is lost."""
import os
import shlex
import sys

from pyspark.sql import SparkSession

if __name__ == "__main__":
    paths, parts, out, *options = sys.argv[1:]
    command = shlex.join(["maskmill", "pipe", "--quiet", "--workers=1", "--threads=1", *options])
    context = SparkSession.builder.appName("maskmill").getOrCreate().sparkContext
    lines = context.textFile(paths).repartition(int(parts))
    lines.pipe(command, env=dict(os.environ), checkCode=True).saveAsTextFile(out)
