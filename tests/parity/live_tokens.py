"""Tokens of many kinds of text, by maskmill and by OpenAI's clip.simple_tokenizer with ftfy and regex; for live.py.
By itself: live_tokens.py [COUNT [SEED]], or `live_tokens.py every` for each character of Unicode, which takes minutes.

Characters that are newer than the Unicode of one side (Python's, of the package regex, of GLib) may be of no class there:
texts with a character that `regex` knows and Python does not are not compared."""

import gzip
import html
import importlib.util
import os
import random
import subprocess
import unicodedata

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
CONTEXT = 1 << 16

CAPTIONS = """a photo of a cat|two dogs playing in the snow, one of them white|A close-up of a woman's hand; she's holding 3 apples!
it's the driver's seat, they're sure he'll say "we've won" -- I'd rather not|an aerial photograph (1936) of Saint-Étienne & environs
the No. 7 bus @ 10:45pm #transit http://example.org/a?b=c&d=e|DON'T STOP... 'til you get e-nough|a 4x4 vehicle costing $12,345.67 (~50% off)
rock 'n' roll|o'clock 'southern 'tis 're 'LL|<|startoftext|>a<|endoftext|>|l'été à la plage, ça va?|naïve café façade — “quoted” ‘single’
itap of a {}.|a bad photo of the fire hydrant.|art of the banana_split|the origami xylophone|ﬁne ﬂowers of the ﬃ ﬆ ĳ Ǆ|ＬＯＵＤ　ＮＯＩＳＥＳ ﾊﾝｶｸ ￥""".replace("\n", "|").split("|")
SCRIPTS = """Привет мир, это фотография кошки|Η γρήγορη αλεπού ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΎΣ ΑΣ.Σ Σ|שלום עולם|مرحبا بالعالم صورة قطة|नमस्ते दुनिया बिल्ली|สวัสดีชาวโลก แมว
你好，世界：一只猫的照片|こんにちは世界、猫の写真|안녕하세요 고양이 사진|გამარჯობა|Բարեւ աշխարհ|ሰላም ልዑል|Xin chào thế giới, con mèo|İstanbul Iğdır ıspanak DİYARBAKIR
Straße GROẞ ǅungla|한글 ㄱㄴㄷ|a\u0300\u0301e\u0328\u0301 o\u0302\u0323|𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛 ⅷ Ⅷ Ⓐ ① ½ x²|Ꭰꭰ ᏸ Ა|👨‍👩‍👧‍👦 🏳️‍🌈 🇨🇭 ❤️ 👍🏽 #️⃣|(╯°□°)╯︵ ┻━┻ ¯\\_(ツ)_/¯""".replace("\n", "|").split("|")
SPACES = ["\t", "\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u3000", " ", "  ", "\u200b", "\ufeff", "\u00ad"]
QUOTES = list("\"'`´‘’‚‛“”„‟«»‹›ʼ′″")
CHARSETS = ["latin-1", "windows-1252", "windows-1251", "windows-1250", "windows-1253", "windows-1254", "windows-1257", "iso-8859-2", "mac_roman", "cp437"]
ESCAPES = ["\x1b[0m", "\x1b[36;44m", "\x1b[", "\x1b[1;", "\x1b]0;", "\x1b[2J", "\x1b[\u0663m", "\x1b"]


def tokenizer():
    """OpenAI's module alone: the package's other modules want PyTorch."""
    folder = importlib.util.find_spec("clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("simple_tokenizer", os.path.join(folder, "simple_tokenizer.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SimpleTokenizer(), module.default_bpe()


def known_characters():
    """Those of Python's Unicode."""
    return [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]


def has_new(text):
    """Whether there is a character that `regex` knows and Python does not."""
    import regex
    return any(unicodedata.category(c) == "Cn" and not regex.match(r"\p{Cn}", c) for c in text)


def cleaned(text):
    import ftfy
    return html.unescape(html.unescape(ftfy.fix_text(text)))


class Maker:
    def __init__(self, seed):
        from ftfy.badness import MOJIBAKE_CATEGORIES
        from ftfy.chardata import UTF8_CLUES
        import re
        self.random = random.Random(seed)
        self.known = known_characters()
        signs = re.compile("[" + "".join(MOJIBAKE_CATEGORIES.values()) + "".join(UTF8_CLUES.values()) + "]")
        self.signs = [c for c in self.known if ord(c) < 0x10000 and signs.match(c)]
        self.entities = list(html.entities.html5)
        self.special = [c for c in self.known if len(c.lower()) > 1 or c.lower() != c or c.isspace() or unicodedata.normalize("NFC", c) != c
                        or unicodedata.combining(c) or 0xFF00 < ord(c) < 0xFFF0]
        self.base = CAPTIONS + SCRIPTS

    def text(self):
        return self.random.choice(self.base)

    def caption(self):
        return " ".join(self.text() for _ in range(self.random.randint(1, 4)))

    def mixed(self):
        """Letters of a caption with spaces, quotes and others between them."""
        out = []
        for c in self.caption():
            out.append(c.upper() if self.random.random() < 0.1 else c)
            if self.random.random() < 0.1:
                out.append(self.random.choice(self.random.choice([SPACES, QUOTES, ESCAPES, self.special, list("!?.,:;-_/<>|&#")])))
        return "".join(out)

    def unescaped(self):
        out = []
        for word in self.caption().split(" "):
            out.append(word)
            kind = self.random.randint(0, 7)
            name = self.random.choice(self.entities)
            number = self.random.choice([self.random.randint(0, 300), self.random.randint(0, 0x110200)])
            out.append(["&" + name, "&" + name.upper(), "&" + name.rstrip(";") + word, f"&#{number};", f"&#x{number:x};", f"&#{number}" + word,
                        "&amp;" * self.random.randint(0, 3) + "amp;" + name, html.escape(html.escape(word))][kind])
        return self.random.choice(["", " "]).join(out)

    def mojibake(self):
        text = self.caption()
        for _ in range(self.random.randint(1, 3)):
            codec = self.random.choice(CHARSETS)
            if self.random.random() < 0.3:
                codec = "sloppy-" + codec if codec.startswith("windows") else codec
            text = text.encode("utf-8").decode(codec, self.random.choice(["ignore", "replace", "replace"]))
            if self.random.random() < 0.3:
                text = text.replace("\xa0", " ")
            if self.random.random() < 0.1:
                text = text.replace("\ufffd", "?")
        if self.random.random() < 0.3:
            text = self.text() + self.random.choice([" ", "\n", "", "é"]) + text
        return text + self.random.choice(["", "", "\n", " " + self.text()])

    def cesu(self):
        """Surrogates and Java's zero, read as Latin-1 or the like."""
        out = b""
        for c in self.caption():
            units = c.encode("utf-16-be")
            if len(units) == 4 or self.random.random() < 0.05:
                high, low = (units[:2], units[2:]) if len(units) == 4 else (b"\xd8" + units[:1], b"\xdc" + units[1:])
                for unit in (high, low):
                    out += chr(int.from_bytes(unit, "big")).encode("utf-8", "surrogatepass")
            else:
                out += c.encode("utf-8")
            if self.random.random() < 0.05:
                out += b"\xc0\x80"
        codec = self.random.choice(["latin-1", "sloppy-windows-1252", "mac_roman", "cp437"])
        return out.decode(codec) + self.random.choice(["", "\n"])

    def signed(self):
        return "".join(self.random.choice(self.signs if self.random.random() < 0.7 else list("aZ e.?\n")) for _ in range(self.random.randint(1, 30)))

    def wild(self):
        pool = self.random.choice([self.known, self.special, self.known[:0x300], self.known[:0x3000]])
        return "".join(self.random.choice(pool) for _ in range(self.random.randint(1, 40)))

    def accents(self):
        marks = [c for c in self.special if unicodedata.combining(c)]
        return "".join(self.random.choice("aeiouncAEΣΑᄀ가אदक") + "".join(self.random.choices(marks, k=self.random.randint(0, 6))) for _ in range(8))

    def long(self):
        return self.random.choice([lambda: "".join(self.random.choice("ab ") for _ in range(3000)), lambda: self.text() * 40,
                                   lambda: "a" * self.random.randint(1, 4000), lambda: "&amp;" + "amp;" * 60, lambda: "🐈" * 300])()

    def texts(self, count):
        kinds = [self.caption, self.mixed, self.mixed, self.unescaped, self.mojibake, self.mojibake, self.cesu, self.signed, self.signed,
                 self.wild, self.wild, self.accents]
        for i in range(count):
            yield self.long() if i % 200 == 0 else self.random.choice(kinds)().replace("\0", "")


def ours(vocabulary, texts, context=CONTEXT, truncate=False):
    program = f"{TOP}/build/tests/parity/clip_tokens"
    data = b"".join(text.encode("utf-8") + b"\0" for text in texts)
    lines = subprocess.run([program, vocabulary, str(context), str(int(truncate))], input=data, capture_output=True, check=True).stdout
    return lines.decode().splitlines()


def limits(official, vocabulary):
    """Texts around the limit, refused or cut as clip.tokenize does."""
    failed = 0
    for words in range(73, 78):
        text = " ".join(["cat"] * words)
        tokens = [49406] + official.encode(text) + [49407]
        line, cut = ours(vocabulary, [text], 77)[0], ours(vocabulary, [text], 77, True)[0]
        failed += (len(tokens) > 77) != line.startswith("error")
        failed += cut != " ".join(map(str, tokens if len(tokens) <= 77 else tokens[:76] + [49407]))
    return failed


def differences(official, vocabulary, texts):
    """Compares and prints the first. Returns how many differ, and how many were left out."""
    failed = skipped = 0
    for text, line in zip(texts, ours(vocabulary, texts), strict=True):
        if has_new(cleaned(text)):
            skipped += 1
            continue
        tokens = [49406] + official.encode(text) + [49407]
        if line != " ".join(map(str, tokens)):
            failed += 1
            if failed <= 10:
                print(f"  {text[:200]!a}\n    official {tokens[:30]}\n    maskmill {line[:200]}")
    return failed, skipped


def compare(count=20000, seed=1):
    official, packed = tokenizer()
    texts = [text for text in Maker(seed).texts(count) if text]
    failed, skipped = differences(official, packed, texts)
    plain = os.path.join(TOP, "build/parity/bpe_simple_vocab_16e6.txt")
    os.makedirs(os.path.dirname(plain), exist_ok=True)
    open(plain, "wb").write(gzip.open(packed).read())
    failed += ours(plain, texts[:200]) != ours(packed, texts[:200])
    failed += limits(official, packed)
    print(f"tokens: {len(texts) - skipped} texts, {failed} differ; {skipped} with newer characters were left out")
    return failed


def every():
    """Each character of Python's Unicode between two letters, and behind a capital sigma."""
    official, packed = tokenizer()
    failed = 0
    for form in ("a{}B", "A\u03a3{}"):
        failed += differences(official, packed, [form.format(c) for c in known_characters()])[0]
    print(f"tokens: each character, {failed} differ")
    return failed


if __name__ == "__main__":
    import sys
    sys.exit((every() if sys.argv[1:] == ["every"] else compare(*map(int, sys.argv[1:]))) > 0)
