"""The page of `maskmill review`: decisions, masks by clicks and boxes, and what the log holds of them."""

import json
import os
import random
import time

from fixtures import masks, png, write
from lab import EXAMPLES, command, decode, load
from reviewing import READY, STAGE, Review, clicks, counts, refused, said

ROW, IMAGE = 2, "chelsea.jpg"
PINNED = "document.querySelector('.tree-item[aria-selected=true]')"
HINT = "document.querySelector('.card-hint').textContent"
# Milliseconds from each click to the frame in which its mask stands.
WATCH = """(() => {
    const card = document.querySelector(".card"), stage = document.querySelector(".page-image .stage");
    let from = 0;
    window.times = [];
    stage.addEventListener("pointerup", () => { from = performance.now(); }, true);
    new MutationObserver(() => {
        if (card.dataset.clicks !== "1" || !from) return;
        const begin = from;
        from = 0;
        requestAnimationFrame(() => times.push(performance.now() - begin));
    }).observe(card, {attributes: true});
})()"""


def pin(page, number=0):
    """Pins a mask by the tree; returns its id."""
    page.apply("number => [...document.querySelectorAll('.tree-item')][number].click()", number)
    page.wait(PINNED)
    return int(page.evaluate(PINNED + ".querySelector('.tree-name').textContent").split()[1])


def same_in_export(review, event):
    """export --reviewed has the mask of an event, pixel by pixel."""
    review.end()
    out = review.run + "-exported"
    command("export", review.run, "--format", "sa1b", "--reviewed", "--images", EXAMPLES, "-o", out)
    found, = [mask for mask in load(out, IMAGE)["annotations"] if mask["id"] == event["mask"]]
    assert found["segmentation"] == event["annotation"]["segmentation"], found


def pixels(annotation):
    return decode(annotation) if annotation["area"] else set()


def check_hover_click_choose_keep(lab):
    """The mask under the mouse before the click; the click's three; one of them is kept, and is in the log."""
    with Review(lab, "click") as review:
        page = review.image(ROW)
        page.key("c")
        page.hover(STAGE, 0.5, 0.4)
        page.wait(HINT + ".startsWith('IoU')", 30)
        assert page.evaluate("document.querySelector('.card').dataset.clicks") == "0"
        assert review.events() == [], "pointing at something decides nothing"
        page.click(STAGE, 0.5, 0.4)
        clicks(page, 1)
        assert page.evaluate("document.querySelectorAll('.choice').length") == 3
        page.key("2")
        page.wait("document.querySelectorAll('.choice')[1].getAttribute('aria-pressed') === 'true'")
        area = int(page.evaluate(HINT).rsplit("·", 1)[1].replace(",", "").split()[0])
        page.key("Enter")
        number = len(load(review.run, IMAGE)["annotations"])
        said(page, "Mask %d added" % number)
        assert counts(page) == {"added": 1, "open": number}, counts(page)
        event, = review.events()
        made = event["annotation"]
        assert (event["op"], event["mask"], event["by"], event["image"]) == ("add", number, "anna", IMAGE), event
        assert made["source"] == "point" and made["area"] == area == len(pixels(made)), made
        page.wait(PINNED)
        assert page.text(".record h3").startswith("Mask %d" % number)
        page.key("Escape")
        page.wait("document.querySelector('.card').hidden")


def check_click_is_fast(lab):
    """50 clicks at 50 places: the median is printed, and below 100 ms."""
    with Review(lab, "fast") as review:
        page, chance = review.image(ROW), random.Random(5)
        page.key("c")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        page.key("Escape")
        page.evaluate(WATCH)
        for number in range(50):
            page.click(STAGE, chance.uniform(0.2, 0.8), chance.uniform(0.1, 0.7))
            page.wait("times.length === %d" % (number + 1))
            page.key("Escape")
        times = sorted(page.evaluate("times"))
        print("    click to mask: median of 50 %.0f ms, most %.0f ms" % (times[25], times[-1]))
        assert times[25] < 100, times


def check_further_clicks(lab):
    """The right button takes away; the earlier mask goes in; u takes a click back; a click does not pan."""
    with Review(lab, "refine") as review:
        page = review.image(ROW)
        page.evaluate("""(() => {
            window.asked = [];
            const post = window.fetch;
            window.fetch = (path, options) => {
                if (String(path).endsWith("predict")) asked.push(JSON.parse(options.body));
                return post(path, options);
            };
        })()""")
        page.key("c")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        first = page.evaluate(HINT)
        page.click(STAGE, 0.3, 0.3, button="right")
        clicks(page, 2)
        asked = page.evaluate("asked.at(-1)")
        assert [point[2] for point in asked["points"]] == [1, 0] and asked["previous"]["answer"] > 0, asked
        assert not asked["multimask"]
        page.key("u")
        clicks(page, 1)
        assert page.evaluate(HINT) == first, "the candidate before"
        page.click(STAGE, 0.55, 0.5)
        clicks(page, 2)
        page.key("Enter")
        page.wait("/added/.test(document.querySelector('.saved').textContent)")
        event, = review.events()
        assert (event["op"], event["annotation"]["source"]) == ("add", "point"), event


def check_box(lab):
    with Review(lab, "box") as review:
        page = review.image(ROW)
        page.key("b")
        before = page.evaluate("document.querySelector('.stage-photo').style.transform")
        page.drag(STAGE, (0.3, 0.2), (0.7, 0.7))
        clicks(page, 1)
        assert page.evaluate("document.querySelector('.stage-photo').style.transform") == before, "a box does not pan"
        page.key("Enter")
        page.wait("/added/.test(document.querySelector('.saved').textContent)")
        event, = review.events()
        assert event["annotation"]["source"] == "box"
        same_in_export(review, event)


def check_refine_mask(lab):
    """A mask of the record gets other pixels; undo gives it back its own."""
    with Review(lab, "replace") as review:
        page = review.image(ROW)
        number = pin(page)
        old = load(review.run, IMAGE)["annotations"][number]
        shown = "Data.image(0, %d) && document.querySelector('.record').innerText" % ROW
        page.key("r")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        page.key("Enter")
        said(page, "Mask %d refined" % number)
        event, = review.events()
        made = event["annotation"]
        assert (event["op"], event["mask"], made["source"]) == ("replace", number, "mask"), event
        page.wait("(%s).includes('%s pixel')" % (shown, format(made["area"], ",")))
        page.key("u")
        said(page, "Undone")
        page.wait("(%s).includes('%s pixel')" % (shown, format(old["area"], ",")))
        page.key("U")
        said(page, "Done again")
        same_in_export(review, event)


def check_decisions(lab):
    """Accept, reject, class, undo, redo, image done, next image; and the same again after a reload."""
    with Review(lab, "decide") as review:
        page, record = review.image(ROW), load(lab.fixtures.real(), IMAGE)
        everything = len(record["annotations"])
        accepted = pin(page)
        page.key("y")
        said(page, "Mask %d accepted" % accepted)
        page.key("k")
        page.type("cat")
        page.key("Enter")
        said(page, "Class cat")
        page.key("Escape")
        page.wait("!" + PINNED)
        rejected = pin(page, 1)
        page.key("x")
        said(page, "Mask %d rejected" % rejected)
        page.key("u")
        said(page, "Undone")
        assert counts(page) == {"accepted": 1, "open": everything - 1}, counts(page)
        page.key("U")
        said(page, "Done again")
        erased = pin(page, 2)
        page.key("e")
        said(page, "Mask %d erased" % erased)
        page.key("f")
        said(page, "Image done")
        state = {"accepted": 1, "rejected": 1, "open": everything - 3}
        assert counts(page) == state, counts(page)
        assert page.text(".progress") == "1 of 4 images done"
        page.key("n")
        page.wait("document.querySelector('.image-name').textContent === 'coffee.jpg'")
        page.key("p")
        page.wait(READY + " && document.querySelector('.image-name').textContent === '%s'" % IMAGE)
        page.evaluate("location.reload(), 0")
        page.browser.listen(0.5)
        page.wait(READY, 30)
        page.wait("document.querySelector('.counts').textContent")
        assert counts(page) == state, counts(page)
        assert page.evaluate("document.querySelector('[aria-keyshortcuts=f]').getAttribute('aria-pressed')") == "true"
        marks = page.evaluate("[...document.querySelectorAll('.tree-mark')].map(mark => mark.textContent)")
        assert any("cat" in mark for mark in marks), marks
        page.key("u")
        said(page, "Undone")
        assert page.text(".progress") == "0 of 4 images done", "what was done before the reload is undone"
        page.key("U")
        said(page, "Done again")
        page.evaluate("location.hash = '#gallery/0'")
        page.wait("[...document.querySelectorAll('.tile-facts')].some(one => one.textContent.startsWith('✓ done'))")
        exported(review, {accepted}, {rejected, erased}, accepted, lab)


def exported(review, accepted, left_out, named, lab):
    """What export --reviewed gives is what was seen."""
    review.end()
    for option in ("--reviewed", "--accepted-only"):
        out = lab.fixtures.path("exported" + option)
        command("export", review.run, "--format", "sa1b", option, "--images", EXAMPLES, "-o", out)
        masks_of = load(out, IMAGE)["annotations"]
        numbers = {mask["id"] for mask in masks_of}
        every = {mask["id"] for mask in load(review.run, IMAGE)["annotations"]}
        assert numbers == (every - left_out if option == "--reviewed" else accepted), (option, numbers)
        assert [mask["category"] for mask in masks_of if mask["id"] == named] == ["cat"], option


def check_hide_rejected_and_thresholds(lab):
    """Hidden masks are not in the tree; a mask that a person made stays whatever the scores."""
    with Review(lab, "hide") as review:
        page = review.image(ROW)
        pin(page)
        page.key("x")
        page.wait("/rejected/.test(document.querySelector('.saved').textContent)")
        before = page.text(".kept-count")
        page.key("h")
        page.wait("document.querySelector('.kept-count').textContent !== %s" % json.dumps(before))
        page.key("h")
        page.wait("document.querySelector('.kept-count').textContent === %s" % json.dumps(before))
        page.key("c")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        page.key("Enter")
        page.wait("/added/.test(document.querySelector('.saved').textContent)")
        page.fill(".page-image input[aria-label^='Predicted IoU']", "1")
        page.key("Enter")
        page.wait("document.querySelector('.kept-count').textContent.startsWith('1 of ')")


def check_nothing_is_shown_that_is_not_saved(lab):
    """The server is gone: the page says so, and shows what was saved. When it is back, it goes on."""
    with Review(lab, "gone") as review:
        page = review.image(ROW)
        everything = len(load(review.run, IMAGE)["annotations"])
        number = pin(page)
        page.key("y")
        said(page, "Mask %d accepted" % number)
        review.end()
        page.key("x")
        why = refused(page)
        assert "Not saved" in why and "review" in why, why
        assert counts(page) == {"accepted": 1, "open": everything - 1}, counts(page)


def check_another_page_has_decided(lab):
    """What makes no sense any more is refused, and the page shows what the log holds."""
    with Review(lab, "two") as review:
        first, second = review.image(ROW), review.image(ROW)
        for page in (first, second):
            page.call("Page.bringToFront")
            page.key("c")
            page.click(STAGE, 0.5, 0.5)
            clicks(page, 1)
            page.key("Enter")
            page.wait("/added/.test(document.querySelector('.saved').textContent)")
        added = [event["mask"] for event in review.events()]
        assert added[0] != added[1], "each has its own id"
        second.evaluate("Saves.post('image/%d/event', () => ({op: 'undo', undoes: 1})).then(() => 0)" % ROW)
        first.call("Page.bringToFront")
        first.key("u")
        assert "Not saved" in refused(first)
        first.wait("document.querySelector('.counts').textContent.startsWith('1 added')")


def check_shown_at_once_said_when_saved(lab):
    """A slow server: the decision is seen, and said to be saved only when it is. Many follow in their order."""
    with Review(lab, "slow") as review:
        page = review.image(ROW)
        page.evaluate("""(() => {
            const ask = window.fetch;
            window.fetch = (...what) => new Promise(done => setTimeout(() => done(ask(...what)), 300));
        })()""")
        everything = len(load(review.run, IMAGE)["annotations"])
        number = pin(page)
        page.key("y")
        page.wait("document.querySelector('.counts').textContent.startsWith('1 accepted')", 0.25)
        assert page.text(".saved") == "Saving" and review.events() == []
        page.key("x")
        page.key("u")
        said(page, "Undone")
        assert counts(page) == {"accepted": 1, "open": everything - 1}, counts(page)
        assert [event["op"] for event in review.events()] == ["accept", "reject", "undo"]
        assert {event.get("mask", number) for event in review.events()} == {number}


def check_keys_alone(lab):
    """Without a mouse: into the tree, to a mask, a decision, and on to the next open one."""
    with Review(lab, "keys") as review:
        page = review.image(ROW)
        page.key("t")
        page.key("ArrowDown")
        name = page.evaluate("document.activeElement.querySelector('.tree-name').textContent")
        page.key("x")
        said(page, name + " rejected")
        page.key("j")
        page.wait(PINNED)
        first = page.evaluate(PINNED + ".querySelector('.tree-name').textContent")
        page.key("y")
        said(page, first + " accepted")
        page.key("j")
        page.wait(PINNED + ".querySelector('.tree-name').textContent !== %s" % json.dumps(first))
        assert [event["op"] for event in review.events()] == ["reject", "accept"]
        page.key("1")                   # outside of a mode it is the report's
        page.key("F")
        page.wait("document.querySelector('.image-name').textContent === 'coffee.jpg'")


def check_next_of_those_to_review(lab):
    """An image that is done leaves the list of those to review: the next one is that which followed it, not the first."""
    name = "document.querySelector('.image-name').textContent"
    with Review(lab, "list") as review:
        page = review.open("image/0/1?show=unreviewed", READY)
        following = [page.evaluate("Rows.of(0).name[%d]" % row) for row in (2, 3)]
        page.key("F")
        page.wait("%s === %s" % (name, json.dumps(following[0])))
        page.wait(READY)
        page.key("f")
        said(page, "Image done")
        page.key("n")
        page.wait("%s === %s" % (name, json.dumps(following[1])))
        page.wait(READY)
        page.key("f")
        said(page, "Image done")
        page.key("p")
        page.wait("%s === Rows.of(0).name[0]" % name)


def check_a_held_key_decides_once(lab):
    """Else a held F would finish image after image, and a held e erase whatever comes under the mouse."""
    with Review(lab, "held") as review:
        page = review.image(ROW)
        pin(page)
        for key in "yxefFg":
            page.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: '%s', repeat: true})), 0" % key)
        page.key("y")
        page.wait("/accepted/.test(document.querySelector('.saved').textContent)")
        assert [event["op"] for event in review.events()] == ["accept"]


def check_one_of_many_is_not_saved(lab):
    """Why it was not stays on the page after the others were."""
    with Review(lab, "one-of-many") as review:
        page = review.image(ROW)
        page.evaluate("""Promise.allSettled([0, 999999, 1].map(mask =>
            Saves.post('image/%d/event', () => ({op: 'reject', mask})))).then(() => 0)""" % ROW)
        assert "there is no mask 999999" in refused(page, 2)
        assert [event["mask"] for event in review.events()] == [0, 1]
        pin(page)
        page.key("y")
        page.wait("/accepted/.test(document.querySelector('.saved').textContent)")
        assert page.evaluate("document.querySelector('.problem').hidden"), "the next change clears it"


def check_undo_of_what_was_not_saved(lab):
    """It does not undo the decision before."""
    with Review(lab, "undo-nothing") as review:
        page = review.image(ROW)
        pin(page)
        page.key("y")
        page.wait("/accepted/.test(document.querySelector('.saved').textContent)")
        page.evaluate("""(() => {
            const ask = window.fetch;
            window.fetch = async (path, options) => {
                await new Promise(done => setTimeout(done, 200));
                return /reject/.test(options.body) ? Response.json({error: "the disk is full"}, {status: 500})
                    : ask(path, options);
            };
        })()""")
        page.key("x")
        page.key("u")
        page.wait("/disk is full/.test(document.querySelector('.problem').textContent)")
        page.wait("document.querySelector('.saved').textContent === ''")
        assert counts(page)["accepted"] == 1
        page.key("u")
        said(page, "Undone")
        assert [event["op"] for event in review.events()] == ["accept", "undo"]


def check_an_answer_is_not_kept_any_more(lab):
    """A further click, long after the one before: the earlier mask itself goes in."""
    with Review(lab, "forgotten") as review:
        page = review.image(ROW)
        page.key("c")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        # The server's answer, of which the browser would complain.
        page.evaluate("""(() => {
            window.asked = [];
            const post = window.fetch, gone = {error: "previous: there is no such answer"};
            window.fetch = async (path, options) => {
                const body = JSON.parse(options.body);
                asked.push(Object.keys(body));
                return body.previous ? Response.json(gone, {status: 404}) : post(path, options);
            };
        })()""")
        page.click(STAGE, 0.55, 0.5)
        clicks(page, 2)
        assert [set(one) & {"previous", "mask"} for one in page.evaluate("asked")] == [{"previous"}, {"mask"}]


def check_saved_after_the_next_image_came(lab):
    """A mask that is saved while the next image opens is said by its name."""
    with Review(lab, "left") as review:
        page = review.image(ROW)
        number = len(load(review.run, IMAGE)["annotations"])
        page.key("c")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        page.evaluate("""(() => {
            const ask = window.fetch;
            window.fetch = (...what) => new Promise(done => setTimeout(() => done(ask(...what)), 300));
        })()""")
        page.key("Enter")
        page.key("n")
        said(page, "Mask %d added" % number)


def check_the_record_was_made_anew(lab):
    """What was decided about an earlier record of the image is said to be so, and nothing is added to it."""
    review = Review(lab, "anew")
    event = {"event": 1, "time": 1, "by": "anna", "image": IMAGE, "record": "0123456789abcdef", "op": "accept", "mask": 0}
    write(os.path.join(review.run, ".maskmill", "review.ndjson"), (json.dumps(event) + "\n").encode())
    with review:
        page = review.image(ROW)
        assert "made anew" in page.text(".problem"), page.text(".problem")
        pin(page, 1)
        page.key("y")
        refused(page)
        page.key("u")
        said(page, "Undone")
        page.evaluate("location.reload(), 0")
        page.browser.listen(0.5)
        page.wait(READY, 30)
        assert page.evaluate("document.querySelector('.problem').hidden")
        pin(page, 1)
        page.key("y")
        page.wait("/accepted/.test(document.querySelector('.saved').textContent)")


def check_hostile_names(lab):
    """Names of images, classes and files are text, whatever they hold."""
    photos, run = lab.fixtures.hostile()
    name = "<img src=x onerror=canary()>"
    classes = lab.fixtures.path("classes.txt")
    write(classes, ("'\"><script>canary()</script>\n" + name + "\n").encode())
    with Review(lab, "hostile", "--classes", classes, of=run, images=photos) as review:
        page = review.open("gallery/0", "document.querySelector('.tile')")
        rows = page.evaluate("Rows.of(0).all.then(rows => [...rows.status.keys()].filter("
                             "row => rows.status[row] === Rows.DONE && rows.masks[row] > 0))")
        page.evaluate("location.hash = '#image/0/%d'" % rows[0])
        page.wait(READY, 30)
        number = pin(page)
        page.key("k")
        page.type(name)
        page.key("Enter")
        said(page, "Class " + name)
        assert review.events()[0]["class"] == name and review.events()[0]["mask"] == number
        options = page.evaluate("[...document.querySelectorAll('#classes option')].map(one => one.value)")
        assert options[0] == name and len(options) == 2, options
        page.wait("[...document.querySelectorAll('.tree-mark')].some(one => one.textContent.includes(%s))"
                  % json.dumps(name))


def check_read_only(lab):
    with Review(lab, "read-only", "--read-only") as review:
        page = review.image(ROW)
        pin(page)
        for key in "yxefcbr":
            page.key(key)
        page.browser.listen(0.3)
        assert page.evaluate("document.querySelector('.card').hidden")
        seen = "[...document.querySelectorAll('.review-bar button')].filter(one => one.offsetParent).map(one => one.textContent)"
        assert page.evaluate(seen) == ["Hide rejected"], page.evaluate(seen)
        assert review.events() == []


def check_image_without_masks(lab):
    """The first mask of an image is made by a person, and is there after a reload."""
    run = lab.fixtures.path("run-empty")
    record = dict(load(lab.fixtures.real(), IMAGE), annotations=[])
    write(os.path.join(run, "chelsea.json"), json.dumps(record).encode())
    with Review(lab, "empty", of=run) as review:
        page = review.open("image/0/0", "!document.querySelector('.review-bar').hidden")
        page.wait("!document.querySelector('[aria-keyshortcuts=c]').disabled")
        page.key("c")
        page.click(STAGE, 0.5, 0.5)
        clicks(page, 1)
        page.key("Enter")
        page.wait("/added/.test(document.querySelector('.saved').textContent)")
        event, = review.events()
        facts = ".record dl"
        page.wait("document.querySelector('%s').innerText.includes('%.4f')" % (
            facts, event["annotation"]["predicted_iou"]))
        page.evaluate("location.reload(), 0")
        page.browser.listen(0.5)
        page.wait(READY, 30)
        page.wait("document.querySelector('.counts').textContent === '1 added'")
        assert pin(page) == event["mask"]


def check_without_photographs(lab):
    """Masks can be judged, but not made."""
    with Review(lab, "no-photos", images=None) as review:
        page = review.image(ROW)
        for key in "cbr":
            page.key(key)
            assert page.evaluate("document.querySelector('.card').hidden"), key
        number = pin(page)
        page.key("y")
        said(page, "Mask %d accepted" % number)


def check_only_with_the_token(lab):
    """Another browser, without the token: 403, whatever it asks for."""
    with Review(lab, "token") as review:
        for path in ("", "data/report.js", "api/session", "api/image/%d" % ROW, "?token=" + "0" * 64):
            assert review.status(path) == 403, path
        review.image(ROW)
        assert review.status("api/session", Cookie="maskmill=1") == 403


def check_many_masks_stay_fluid(lab):
    """500 masks, half of them decided: the mouse moves over them, with and without a candidate."""
    run, photos = lab.fixtures.path("run-500"), lab.fixtures.path("photos-500")
    write(os.path.join(photos, "many.png"), png(1500, 1000))
    image = {"image_id": 1, "width": 1500, "height": 1000, "file_name": "many.png"}
    record = {"image": image, "annotations": masks(1500, 1000, 500, 3)}
    write(os.path.join(run, "many.json"), json.dumps(record).encode())
    with Review(lab, "500", of=run, images=photos) as review:
        page = review.image(0)
        page.evaluate("""Promise.all(Array.from({length: 250}, (_, mask) =>
            Saves.post("image/0/event", () => ({op: mask % 2 ? "accept" : "reject", mask})))).then(() => 0)""", 60)
        page.evaluate("location.reload(), 0")
        page.browser.listen(0.5)
        page.wait(READY, 30)
        for what, key in (("pointing at masks", None), ("candidates", "c")):
            if key:
                page.key(key)
            rate, longest = hovering(page)
            print("    500 masks, %s: %.0f frames/s, longest frame %.0f ms" % (what, rate, longest))
            assert rate > 20, (what, rate)


def hovering(page, seconds=3):
    page.evaluate("""window.frames3 = new Promise(done => {
        const begin = performance.now();
        let last = begin, count = 0, longest = 0;
        const frame = now => {
            count++;
            longest = Math.max(longest, now - last);
            last = now;
            if (now - begin < %d) requestAnimationFrame(frame); else done([1000 * count / (now - begin), longest]);
        };
        requestAnimationFrame(frame);
    }), 0""" % (1000 * seconds))
    chance, end = random.Random(1), time.monotonic() + seconds
    x, y = page.place(STAGE, 0.1, 0.1)
    while time.monotonic() < end:
        page.move(x + 700 * chance.random(), y + 400 * chance.random())
    return page.evaluate("window.frames3")
