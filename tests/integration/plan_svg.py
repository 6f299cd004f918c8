#!/usr/bin/env python3
"""The pictures of `joint plan` from outside: XML, nothing hidden, numbers as in the JSON. usage: plan_svg.py JOINT

Widths of texts come from the font's own table where DejaVu Sans is installed, else from a cautious guess.
"""
import itertools
import json
import math
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

JOINT = ""
SVG = "{http://www.w3.org/2000/svg}"
FONTS = pathlib.Path("/usr/share/fonts/truetype/dejavu")


class Font:
    """Advance widths of a TrueType font, by character, in parts of its size."""

    def __init__(self, path):
        self.widths = {}
        if not path.exists():
            return
        data = path.read_bytes()
        tables = {}
        for i in range(struct.unpack(">H", data[4:6])[0]):
            tag, _, offset, _ = struct.unpack(">4sIII", data[12 + 16 * i:28 + 16 * i])
            tables[tag] = offset
        units = struct.unpack(">H", data[tables[b"head"] + 18:][:2])[0]
        count = struct.unpack(">H", data[tables[b"hhea"] + 34:][:2])[0]
        advances = [struct.unpack(">H", data[tables[b"hmtx"] + 4 * i:][:2])[0] / units for i in range(count)]
        for code, glyph in self.glyphs(data, tables[b"cmap"]):
            self.widths[chr(code)] = advances[min(glyph, count - 1)]

    @staticmethod
    def glyphs(data, cmap):
        for i in range(struct.unpack(">H", data[cmap + 2:][:2])[0]):
            start = cmap + struct.unpack(">HHI", data[cmap + 4 + 8 * i:][:8])[2]
            if struct.unpack(">H", data[start:][:2])[0] != 4:
                continue
            count = struct.unpack(">H", data[start + 6:][:2])[0] // 2
            at = start + 14
            ends, starts, deltas, offsets = (
                struct.unpack(f">{count}{kind}", data[at + shift:][:2 * count])
                for kind, shift in (("H", 0), ("H", 2 + 2 * count), ("h", 2 + 4 * count), ("H", 2 + 6 * count)))
            for k in range(count):
                for code in range(starts[k], min(ends[k], 0xFFFE) + 1):
                    glyph = code + deltas[k]
                    if offsets[k]:
                        place = at + 2 + 6 * count + 2 * k + offsets[k] + 2 * (code - starts[k])
                        glyph = struct.unpack(">H", data[place:][:2])[0]
                    if glyph & 0xFFFF:
                        yield code, glyph & 0xFFFF

    def width(self, text, size):
        return size * sum(self.widths.get(letter, 0.6) for letter in " ".join(text.split(" ")))


REGULAR, BOLD = Font(FONTS / "DejaVuSans.ttf"), Font(FONTS / "DejaVuSans-Bold.ttf")


def box(text):
    """Left, top, right, bottom of a text."""
    size, x, y = (float(text.get(name)) for name in ("font-size", "x", "y"))
    width = (BOLD if text.get("font-weight") == "bold" else REGULAR).width(text.text or "", size)
    left = x - {"middle": width / 2, "end": width}.get(text.get("text-anchor"), 0)
    return left, y - 0.76 * size, left + width, y + 0.2 * size


def data(group):
    return {name[5:]: float(value) for name, value in group.attrib.items() if name.startswith("data-")}


class PictureCase(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def draw(self, profile, *words):
        """Runs joint plan; returns its JSON and the picture, checked for what every picture must be."""
        (self.folder / "p.json").write_text(json.dumps(profile))
        done = subprocess.run([JOINT, "plan", "--profile", "p.json", "--json", "--svg", "p.svg", *map(str, words)],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        root = ElementTree.parse(self.folder / "p.svg").getroot()
        self.check(root)
        return json.loads(done.stdout), root

    def check(self, root):
        width, height = float(root.get("width")), float(root.get("height"))
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual(root.get("viewBox"), f"0 0 {width:.0f} {height:.0f}")
        allowed = {SVG + name for name in ("svg", "title", "g", "rect", "line", "text")}
        self.assertLessEqual({element.tag for element in root.iter()}, allowed)
        texts = [(text.text, box(text)) for text in root.iter(SVG + "text")]
        for text, (left, top, right, bottom) in texts:
            self.assertTrue(left >= 0 and top >= 0 and right <= width and bottom <= height, text)
        for (one, a), (other, b) in itertools.combinations(texts, 2):
            apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1
            self.assertTrue(apart, f"{one!r} lies on {other!r}")

    def groups(self, root, *kinds):
        return [group for group in root.iter(SVG + "g") if group.get("class") in kinds]

    def words(self, root):
        return " ".join(text.text or "" for text in root.iter(SVG + "text")).replace("\u00a0", " ")

    def agree(self, plan, root):
        """Every segment is drawn, and (but for the digits that the JSON leaves out) all stretches together cost what the JSON says."""
        drawn = [(group.get("class"), data(group)["first"], data(group)["last"])
                 for group in self.groups(root, "mobile", "cloud") if "data-first" in group.attrib]
        told = [(segment["side"], segment["first"], segment["last"]) for segment in plan["segments"]]
        self.assertEqual(drawn, told)
        stretches = [data(group) for group in self.groups(root, "mobile", "cloud", "up", "down")]
        latency = sum(one["ms"] + one["wait-ms"] + one["round-trip-ms"] for one in stretches)
        self.assertTrue(math.isclose(latency, plan["latency_ms"], rel_tol=1e-8, abs_tol=1e-6))
        energy = sum(one["mj"] for one in stretches)
        self.assertTrue(math.isclose(energy, plan["energy_mj"], rel_tol=1e-8, abs_tol=1e-6))
        for kind, field in (("up", "upload_bytes"), ("down", "download_bytes")):
            crossed = sum(data(group)["bytes"] for group in self.groups(root, kind))
            self.assertTrue(math.isclose(crossed, plan[field], rel_tol=1e-8, abs_tol=1e-6), field)
        self.assertEqual(len(self.groups(root, "up", "down")), plan["transfers"])


def layer(name, output, mobile_ms, cloud_ms, **more):
    return dict(more, name=name, output_bytes=output, mobile_ms=mobile_ms, mobile_mj=2 * mobile_ms, cloud_ms=cloud_ms)


def network(layers, **more):
    return dict({"schema": "joint.profile/1", "model": "net", "batch": 1, "input_bytes": 150528, "layers": layers},
                **more)


def two_layers():
    return network([layer("conv", 40000, 8, 0.9), layer("fc", 1000, 300, 10)])


class Plan(PictureCase):
    def test_the_headline_has_the_numbers_of_the_json(self):
        plan, root = self.draw(two_layers())
        self.agree(plan, root)
        # Over 4G: 8 ms, 40,000 bytes at 731.25 bytes/ms, 10 ms, 1,000 bytes at 1,720 bytes/ms.
        self.assertIn("Runs conv on the phone, sends 40 kB, the server does the rest: 73.3 ms instead of 308 ms",
                      self.words(root))

    def test_waits_round_trips_and_load(self):
        link = {"up_mbps": 20, "down_mbps": 50, "rtt_ms": 30, "alpha_up_mw_per_mbps": 283.17,
                "alpha_down_mw_per_mbps": 137.01, "beta_mw": 132.86}
        (self.folder / "link.json").write_text(json.dumps(link))
        plan, root = self.draw(two_layers(), "--network", "link.json", "--cloud-load", "wait_ms=12,k=1.5")
        self.agree(plan, root)
        self.assertEqual([data(group)["wait-ms"] for group in self.groups(root, "cloud")], [12])
        self.assertIn("waits 12 ms", self.words(root))
        self.assertIn("half a round trip of 15 ms", self.words(root))

    def test_infeasible_bounds_have_a_picture(self):
        plan, root = self.draw(two_layers(), "--max-latency-ms", 20, "--max-energy-mj", 5)
        self.assertFalse(plan["feasible"])
        self.assertIn("No plan keeps the latency within 20 ms and the phone's energy within 5 mJ", self.words(root))
        self.assertEqual(self.groups(root, "mobile", "cloud", "up", "down"), [])

    def test_bounds_are_drawn(self):
        plan, root = self.draw(two_layers(), "--max-latency-ms", 100, "--max-energy-mj", 400, "--max-cloud-ms", 11)
        self.agree(plan, root)
        for words in ("bound 100 ms", "bound 400 mJ", "bound 11 ms"):
            self.assertIn(words, self.words(root))

    def test_names_are_escaped(self):
        described = two_layers()
        described["model"] = "<script>alert(1)</script>"
        described["layers"][0]["name"] = "a<b>&\"c'\u202e\u5c64" + "x" * 300
        plan, root = self.draw(described)
        self.agree(plan, root)
        self.assertIn("<script>alert(1)</script>", self.words(root))

    def test_random_networks(self):
        seed = 5
        print(f"seed {seed}")
        dice = random.Random(seed)
        for _ in range(40):
            count = dice.choice((1, 2, 5, 20, 80))
            layers = [layer(f"stage{i}/conv", dice.choice((0, 10, 3e3, 1e5)), dice.choice((0, 0.01, 1, 40)),
                            dice.choice((0, 0.001, 0.5, 3)), weight_bytes=dice.choice((0, 1e4)),
                            backward_mobile_ms=dice.choice((0, 30)), backward_mobile_mj=50, backward_cloud_ms=1)
                      for i in range(count)]
            plan, root = self.draw(network(layers), "--network", dice.choice(("3g", "4g", "wifi")),
                                   "--objective", dice.choice(("latency", "energy")),
                                   "--mode", dice.choice(("inference", "training")))
            self.agree(plan, root)

    def test_a_file_that_cannot_be_written_is_told(self):
        (self.folder / "p.json").write_text(json.dumps(two_layers()))
        done = subprocess.run([JOINT, "plan", "--profile", "p.json", "--svg", "nowhere/p.svg"], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("nowhere/p.svg", done.stderr)

    def test_table_and_picture_are_two_files(self):
        done = subprocess.run([JOINT, "plan", "--profile", "p.json", "--table", "-o", "x", "--svg", "x"],
                              cwd=self.folder, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1))

    @unittest.skipUnless(shutil.which("rsvg-convert"), "needs rsvg-convert (librsvg2-bin)")
    def test_librsvg_renders_it(self):
        self.draw(two_layers())
        done = subprocess.run(["rsvg-convert", "p.svg", "-o", "p.png"], cwd=self.folder, stderr=subprocess.PIPE,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.folder / "p.png").read_bytes()[:4], b"\x89PNG")


class Map(PictureCase):
    def test_every_place_is_drawn_with_its_numbers(self):
        table, root = self.draw(two_layers(), "--table", "--up-mbps", "0.5:256:10", "--loads", "1,4,40,40+50")
        places = [data(group) for group in self.groups(root, "place")]
        self.assertEqual(len(places), 40)
        told = {(round(entry["up_mbps"], 6), entry["k"], entry["wait_ms"]): entry for entry in table["plans"]}
        for place in places:
            entry = told[round(place["up-mbps"], 6), place["k"], place["wait-ms"]]
            self.assertTrue(math.isclose(place["ms"], entry["latency_ms"], rel_tol=1e-8, abs_tol=1e-6))
            self.assertTrue(math.isclose(place["mj"], entry["energy_mj"], rel_tol=1e-8, abs_tol=1e-6))

    def test_large_and_small_tables(self):
        for ups, loads in (("1:1000:200", ",".join(map(str, range(1, 61)))), ("5", "1"), ("5,6", "1+3,1+9")):
            _, root = self.draw(two_layers(), "--table", "--up-mbps", ups, "--loads", loads)
            self.assertTrue(self.groups(root, "place"))

    def test_infeasible_places_are_marked(self):
        _, root = self.draw(two_layers(), "--table", "--max-latency-ms", 60)
        self.assertIn("no plan meets the bounds", self.words(root))
        self.assertTrue([group for group in self.groups(root, "place") if "data-ms" not in group.attrib])


if __name__ == "__main__":
    JOINT = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
