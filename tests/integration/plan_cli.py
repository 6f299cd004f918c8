#!/usr/bin/env python3
"""`joint plan` from outside: numbers, fields, files and refusals. usage: plan_cli.py JOINT

Expected numbers come from the paper's tables and from a brute force of its own, written from the definition of a
plan's cost. Nothing but Python is needed.
"""
import csv
import io
import itertools
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

JOINT = ""

NETWORKS = {  # up, down (Mbit/s), alpha up, alpha down (mW per Mbit/s), beta (mW)
    "3g": (1.1, 2.0275, 868.98, 122.12, 817.88),
    "4g": (5.85, 13.76, 438.39, 51.97, 1288.04),
    "wifi": (18.88, 54.97, 283.17, 137.01, 132.86),
}


def joint(*words, folder=None):
    return subprocess.run([JOINT, *map(str, words)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)


def layer(output, mobile_ms, mobile_mj, cloud_ms, **more):
    return dict(more, output_bytes=output, mobile_ms=mobile_ms, mobile_mj=mobile_mj, cloud_ms=cloud_ms)


def profile(layers, input_bytes=150528, **more):
    return dict(more, schema="joint.profile/1", model="test", batch=1, input_bytes=input_bytes, layers=layers)


def costs(described, sides, network, base=True, wait=0.0, k=1.0):
    """Latency, energy and cloud time of a chain's inference, layer by layer, as the paper defines them."""
    up, down, alpha_up, alpha_down, beta = NETWORKS[network]
    beta = beta if base else 0
    latency = energy = cloud = 0.0
    here, crossing = "mobile", described["input_bytes"]
    for side, step in itertools.zip_longest(sides + ["mobile"], described["layers"]):
        if side != here:
            rate, power = (up, alpha_up * up + beta) if side == "cloud" else (down, alpha_down * down + beta)
            ms = crossing * 8 / (rate * 1e3)
            latency += ms + (wait if side == "cloud" else 0)
            energy += ms * power / 1e3
        here = side
        if step and side == "mobile":
            latency, energy = latency + step["mobile_ms"], energy + step["mobile_mj"]
        elif step:
            latency, cloud = latency + step["cloud_ms"] * k, cloud + step["cloud_ms"] * k
        crossing = step["output_bytes"] if step else 0
    return latency, energy, cloud


def best(described, network, objective, bounds=(math.inf, math.inf, math.inf), **load):
    """The least objective over every placement within the bounds, or None."""
    found = None
    for sides in itertools.product(("mobile", "cloud"), repeat=len(described["layers"])):
        all_costs = costs(described, list(sides), network, **load)
        if all(cost <= bound * (1 + 1e-9) for cost, bound in zip(all_costs, bounds)):
            value = all_costs[objective == "energy"]
            found = value if found is None else min(found, value)
    return found


class PlanCase(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def write(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def done(self, *words):
        result = joint("plan", *words, folder=self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return result.stdout

    def json(self, *words):
        return json.loads(self.done(*words, "--json"))

    def refused(self, status, *words, has=()):
        result = joint("plan", *words, folder=self.folder)
        self.assertEqual(result.returncode, status, (words, result.stderr))
        self.assertEqual(result.stdout, "", words)
        self.assertEqual(len(result.stderr.splitlines()), 1, (words, result.stderr))
        for word in (has,) if isinstance(has, str) else has:
            self.assertIn(word, result.stderr, words)

    def toy(self, **more):
        """Conv layers that shrink: the best split over 4g lies before the last layer."""
        return self.write("toy.json", profile([
            layer(290400, 8, 9, 0.9, name="conv1", weight_bytes=1000),
            layer(70000, 20, 22, 1.5, name="conv2", weight_bytes=2000),
            layer(9216, 9, 10, 0.5, name="conv3", weight_bytes=3000),
            layer(1000, 30, 38, 1.2, name="fc4", weight_bytes=4000)], **more))


class Numbers(PlanCase):
    def test_cloud_only_costs_what_the_paper_prints(self):
        self.write("p.json", profile([layer(1000, 1e6, 1e6, 0)]))
        for network, ms, bare, full in (("3g", 1098.69, 1047.42, 1946.0), ("4g", 206.43, 528.34, 794.2),
                                        ("wifi", 63.93, 342.10, 350.6)):
            for base, mj, places in (("off", bare, 0.0051), ("on", full, 0.051)):
                plan = self.json("--profile", "p.json", "--network", network, "--radio-base", base)
                self.assertEqual(plan["placement"], ["cloud"])
                for part in (plan, plan["cloud_only"]):
                    self.assertAlmostEqual(part["latency_ms"], ms, delta=0.0051)
                    self.assertAlmostEqual(part["energy_mj"], mj, delta=places)
                self.assertEqual((plan["upload_bytes"], plan["download_bytes"], plan["transfers"]), (150528, 1000, 2))
            self.assertAlmostEqual(self.json("--profile", "p.json", "--network", network)["energy_mj"], full, delta=0.051)

    def test_random_chains_are_planned_as_by_brute_force(self):
        seed = random.randrange(1 << 30)
        draw = random.Random(seed)
        for case in range(40):
            described = profile([layer(draw.randrange(1, 300000), draw.uniform(0, 40), draw.uniform(0, 60),
                                       draw.uniform(0, 8)) for _ in range(draw.randrange(1, 8))])
            self.write("p.json", described)
            network, objective = draw.choice(sorted(NETWORKS)), draw.choice(["latency", "energy"])
            load = {"wait": draw.choice([0.0, 7.5]), "k": draw.choice([1.0, 2.5])}
            mobile = costs(described, ["mobile"] * len(described["layers"]), network)
            bounds, words = [math.inf] * 3, []
            for index, option in enumerate(("latency-ms", "energy-mj", "cloud-ms")):
                if draw.random() < 0.4:
                    bounds[index] = round(draw.uniform(0.2, 1.1) * (mobile[index] or 10), 3)
                    words += [f"--max-{option}", bounds[index]]
            with self.subTest(seed=seed, case=case, words=words):
                plan = self.json("--profile", "p.json", "--network", network, "--objective", objective, "--cloud-load",
                                 f"wait_ms={load['wait']},k={load['k']}", *words)
                wanted = best(described, network, objective, bounds, **load)
                self.assertEqual(plan["feasible"], wanted is not None)
                if wanted is None:
                    self.assertEqual(plan["placement"], [])
                    for key, near in plan["nearest"].items():
                        option = f"--max-{key.replace('_', '-')}"
                        self.assertTrue(self.json("--profile", "p.json", "--network", network, option, near["alone"],
                                                  "--cloud-load", f"wait_ms={load['wait']},k={load['k']}")["feasible"])
                    continue
                key = "energy_mj" if objective == "energy" else "latency_ms"
                self.assertAlmostEqual(plan[key], wanted, delta=1e-6 * max(1, wanted))
                for got, cost in zip((plan["latency_ms"], plan["energy_mj"], plan["cloud_ms"]),
                                     costs(described, plan["placement"], network, **load)):
                    self.assertAlmostEqual(got, cost, delta=1e-6 * max(1, cost))

    def test_solvers_agree(self):
        self.toy(blocks=[{"first": 1, "last": 2, "mobile_ms": 12, "mobile_mj": 14, "cloud_ms": 1}])
        for words in ((), ("--objective", "energy"), ("--max-energy-mj", 70), ("--mode", "training")):
            plans = [self.json("--profile", "toy.json", "--solver", solver, *words) for solver in ("dp", "brute")]
            self.assertAlmostEqual(plans[0]["latency_ms"], plans[1]["latency_ms"], delta=1e-6)
            self.assertEqual(plans[1]["solver"], "brute")
            program = joint("plan", "--profile", "toy.json", "--solver", "ilp", "--json", *words, folder=self.folder)
            if "not in this build" in program.stderr:
                self.assertEqual((program.returncode, len(program.stderr.splitlines())), (1, 1))
                continue
            self.assertEqual((program.returncode, program.stderr), (0, ""))
            self.assertAlmostEqual(json.loads(program.stdout)["latency_ms"], plans[0]["latency_ms"], delta=1e-4)


class Fields(PlanCase):
    def test_json_has_every_field(self):
        self.toy()
        plan = self.json("--profile", "toy.json")
        self.assertTrue(plan["feasible"])
        self.assertEqual((plan["mode"], plan["objective"]), ("inference", "latency"))
        self.assertEqual(plan["placement"], ["mobile", "mobile", "mobile", "cloud"])
        self.assertEqual(plan["segments"], [{"side": "mobile", "first": 1, "last": 3},
                                            {"side": "cloud", "first": 4, "last": 4}])
        self.assertEqual((plan["upload_bytes"], plan["download_bytes"], plan["transfers"]), (9216, 1000, 2))
        self.assertAlmostEqual(plan["latency_ms"], 37 + 9216 * 8 / 5850 + 1.2 + 1000 * 8 / 13760, delta=1e-6)
        self.assertEqual(plan["mobile_only"], {"latency_ms": 67, "energy_mj": 79})
        self.assertEqual(sorted(plan["cloud_only"]), ["energy_mj", "latency_ms"])
        self.assertEqual(plan["conditions"]["network"], "4g")
        self.assertGreater(plan["solve_us"], 0)
        self.assertIsInstance(plan["solver"], str)

    def test_fused_blocks_are_named(self):
        self.toy(blocks=[{"first": 1, "last": 3, "mobile_ms": 10, "mobile_mj": 12, "cloud_ms": 1}])
        plan = self.json("--profile", "toy.json")
        self.assertEqual(plan["blocks"], [{"first": 1, "last": 3}])
        self.assertEqual(plan["segments"][0], {"side": "mobile", "first": 1, "last": 3})
        self.assertIn("Fused blocks: 1-3", self.done("--profile", "toy.json"))

    def test_training_places_two_steps_a_layer(self):
        self.toy()
        plan = self.json("--profile", "toy.json", "--mode", "training")
        self.assertEqual((plan["mode"], len(plan["placement"])), ("training", 8))
        self.assertEqual(plan["segments"][-1]["last"], 8)

    def test_the_report_names_layers_and_compares(self):
        self.toy()
        report = self.done("--profile", "toy.json")
        for words in ("conv1 .. conv3", "fc4", "upload", "9216", "mobile only", "cloud only", "faster than"):
            self.assertIn(words, report)

    def test_a_network_file_is_the_network(self):
        self.toy()
        up, down, alpha_up, alpha_down, beta = NETWORKS["wifi"]
        self.write("n.json", {"up_mbps": up, "down_mbps": down, "alpha_up_mw_per_mbps": alpha_up,
                              "alpha_down_mw_per_mbps": alpha_down, "beta_mw": beta})
        plans = [self.json("--profile", "toy.json", "--network", network) for network in ("wifi", "n.json")]
        for plan in plans:
            del plan["solve_us"], plan["conditions"]["network"]
        self.assertEqual(*plans)

    def test_a_bound_that_a_plan_printed_is_met(self):
        self.toy()
        plan = self.json("--profile", "toy.json", "--objective", "energy")
        again = self.json("--profile", "toy.json", "--max-energy-mj", plan["energy_mj"])
        self.assertTrue(again["feasible"])
        self.assertAlmostEqual(again["energy_mj"], plan["energy_mj"], delta=1e-5)


class Infeasible(PlanCase):
    def test_infeasible_is_an_answer_with_the_nearest_value(self):
        self.toy()
        plan = self.json("--profile", "toy.json", "--max-latency-ms", 3)
        self.assertFalse(plan["feasible"])
        self.assertEqual((plan["placement"], plan["segments"], plan["latency_ms"]), ([], [], None))
        least = self.json("--profile", "toy.json")["latency_ms"]
        self.assertEqual(list(plan["nearest"]), ["latency_ms"])
        self.assertAlmostEqual(plan["nearest"]["latency_ms"]["alone"], least, delta=1e-5)
        met = self.json("--profile", "toy.json", "--max-latency-ms", plan["nearest"]["latency_ms"]["alone"])
        self.assertTrue(met["feasible"])

    def test_the_report_says_what_would_do(self):
        self.toy()
        report = self.done("--profile", "toy.json", "--max-latency-ms", 3)
        self.assertIn("Infeasible", report)
        self.assertIn("--max-latency-ms 3: the least possible is", report)

    def test_two_bounds_each_with_a_nearest_value(self):
        self.toy()
        least = self.json("--profile", "toy.json")
        frugal = self.json("--profile", "toy.json", "--objective", "energy")
        plan = self.json("--profile", "toy.json", "--max-latency-ms", least["latency_ms"] * 1.000001,
                         "--max-energy-mj", frugal["energy_mj"] * 1.000001)
        if not plan["feasible"]:
            self.assertGreater(plan["nearest"]["latency_ms"]["beside_others"], least["latency_ms"])


class Refusals(PlanCase):
    def test_wrong_command_lines(self):
        self.toy()
        of_toy = ("--profile", "toy.json")
        for words, has in (
                ((), "--profile P.json is missing"),
                ((*of_toy, "--objective", "both"), "latency|energy"),
                ((*of_toy, "--mode", "x"), "inference|training"),
                ((*of_toy, "--max-energy-mj", "-1"), "expected a number, 0 or more"),
                ((*of_toy, "--max-latency-ms", "nan"), "expected a number, 0 or more"),
                ((*of_toy, "--max-cloud-ms", "1x"), "expected a number, 0 or more"),
                ((*of_toy, "--cloud-load", "k=0"), "wait_ms=W,k=K"),
                ((*of_toy, "--cloud-load", "k=1,k=2"), "wait_ms=W,k=K"),
                ((*of_toy, "--cloud-load", "wait_ms=-3"), "wait_ms=W,k=K"),
                ((*of_toy, "--solver", "magic"), "dp|ilp|brute"),
                ((*of_toy, "--csv"), "give --table"),
                ((*of_toy, "--up-mbps", "1"), "give --table"),
                ((*of_toy, "--table", "--up-mbps", "2,1"), "rising numbers above 0"),
                ((*of_toy, "--table", "--up-mbps", "0"), "rising numbers above 0"),
                ((*of_toy, "--table", "--up-mbps", "1:2"), "LOW:HIGH:COUNT"),
                ((*of_toy, "--table", "--up-mbps", ",".join(map(str, range(1, 1100)))), "up to 1000"),
                ((*of_toy, "--table", "--loads", "0"), "K above 0"),
                ((*of_toy, "--table", "--loads", "1+x"), "K+WAIT_MS"),
                ((*of_toy, "--table", "--cloud-load", "k=2"), "--loads"),
                ((*of_toy, "--table", "--csv", "--json"), "give one of them"),
                ((*of_toy, "--frobnicate"), "unknown option")):
            with self.subTest(words=words):
                self.refused(2, *words, has=has)

    def test_the_same_load_twice(self):
        self.toy()
        self.refused(1, "--profile", "toy.json", "--table", "--loads", "1,1", has="loads[1]")

    def test_bad_profiles_name_file_field_and_reason(self):
        good = [layer(5, 1, 1, 1), layer(5, 1, 1, 1)]
        block = {"first": 1, "last": 2, "mobile_ms": 1, "mobile_mj": 1, "cloud_ms": 1}
        for content, *has in (
                ("{", "line 1", "malformed JSON"),
                ("", "malformed JSON"),
                (profile([]), "layers is empty"),
                (profile([good[0]] * 100000), "layers are 100000"),
                (profile([good[0], layer(5, -1, 1, 1)]), "layers[1].mobile_ms", "negative"),
                (profile([good[0], layer(5, "1", 1, 1)]), "layers[1].mobile_ms", "text"),
                (profile([good[0], layer(5, None, 1, 1)]), "layers[1].mobile_ms", "null"),
                (profile([good[0], layer(5, math.nan, 1, 1)]), "layers[1].mobile_ms", "finite"),
                (profile([good[0], layer(5, -math.inf, 1, 1)]), "layers[1].mobile_ms", "finite"),
                (profile([{"output_bytes": 1}]), "layers[0].mobile_ms", "missing"),
                (profile(good, blocks=[dict(block, last=3)]), "blocks[0]", "out of range"),
                (profile(good, blocks=[block, block]), "blocks[1]", "contradicts"),
                (profile(good, skips=[{"from": 2, "to": 1, "bytes": 3}]), "skips[0]", "out of order"),
                (dict(profile(good), schema="joint.profile/2"), "schema", "joint.profile/1")):
            with self.subTest(has=has):
                self.write("bad.json", content)
                self.refused(1, "--profile", "bad.json", has=("bad.json: ", *has))
        self.refused(1, "--profile", "none.json", has="none.json: No such file")

    def test_bad_networks_name_file_field_and_reason(self):
        self.toy()
        good = {"up_mbps": 1, "down_mbps": 1, "alpha_up_mw_per_mbps": 1, "alpha_down_mw_per_mbps": 1, "beta_mw": 1}
        for content, *has in ((dict(good, up_mbps=0), "up_mbps", "is 0"), (dict(good, rtt_ms=-1), "rtt_ms", "negative"),
                              ({"up_mbps": 1}, "down_mbps", "missing"), ("[]", "array")):
            with self.subTest(has=has):
                self.write("bad.json", content)
                self.refused(1, "--profile", "toy.json", "--network", "bad.json", has=("bad.json: ", *has))
        self.refused(1, "--profile", "toy.json", "--network", "5g", has=("5g", "3g, 4g or wifi"))

    def test_a_profile_of_another_model(self):
        self.assertEqual(joint("zoo", "lenet", "-o", "lenet.onnx", folder=self.folder).returncode, 0)
        self.toy(fingerprint="0" * 32)
        self.refused(1, "lenet.onnx", "--profile", "toy.json", has=("toy.json: fingerprint", "another model"))
        found = joint("plan", "lenet.onnx", "--profile", "toy.json", folder=self.folder).stderr
        own = next(word.rstrip(":") for word in found.split() if len(word.rstrip(":")) == 32 and word.strip("0,:"))
        self.toy(fingerprint=own.upper())
        self.done("lenet.onnx", "--profile", "toy.json")
        self.toy()
        self.refused(1, "lenet.onnx", "--profile", "toy.json", has="fingerprint is missing")

    def test_a_measured_profile_is_of_its_model_alone(self):
        for seed in (1, 2):
            joint("zoo", "lenet", "-o", f"{seed}.onnx", "--seed", seed, folder=self.folder)
        done = joint("profile", "1.onnx", "-o", "1.json", "--seconds", 1, folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        plan = json.loads(self.done("1.onnx", "--profile", "1.json", "--json"))
        self.assertGreater(plan["latency_ms"], 0)
        self.refused(1, "2.onnx", "--profile", "1.json", has=("1.json: fingerprint", "another model"))
        for words, noted in ((("--mode", "training"), True), ((), False)):
            self.assertEqual("note" in self.json("--profile", "1.json", *words), noted)

    def test_brute_force_says_its_limit(self):
        self.write("p.json", profile([layer(5, 1, 1, 1)] * 21))
        self.refused(1, "--profile", "p.json", "--solver", "brute", has="20")


class Tables(PlanCase):
    GRID = ("--table", "--up-mbps", "0.5,5,50", "--loads", "1,2+5")

    def test_each_place_is_the_plan_of_its_conditions(self):
        self.toy()
        table = self.json("--profile", "toy.json", *self.GRID)
        self.assertEqual(table["schema"], "joint.plan-table/1")
        self.assertEqual([(p["up_mbps"], p["wait_ms"], p["k"]) for p in table["plans"]],
                         [(u, w, k) for u in (0.5, 5, 50) for w, k in ((0, 1), (5, 2))])
        for place in table["plans"]:
            self.assertAlmostEqual(place["down_mbps"], 13.76 * place["up_mbps"] / 5.85, delta=1e-8)
            _, _, alpha_up, alpha_down, beta = NETWORKS["4g"]
            self.write("n.json", {"up_mbps": place["up_mbps"], "down_mbps": place["down_mbps"], "beta_mw": beta,
                                  "alpha_up_mw_per_mbps": alpha_up, "alpha_down_mw_per_mbps": alpha_down})
            plan = self.json("--profile", "toy.json", "--network", "n.json", "--cloud-load",
                             f"wait_ms={place['wait_ms']},k={place['k']}")
            self.assertEqual(place["segments"], plan["segments"])
            for key in ("latency_ms", "energy_mj", "cloud_ms", "upload_bytes", "download_bytes"):
                self.assertAlmostEqual(place[key], plan[key], delta=1e-5)

    def test_csv_and_json_say_the_same(self):
        self.toy()
        places = self.json("--profile", "toy.json", *self.GRID)["plans"]
        self.done("--profile", "toy.json", *self.GRID, "-o", "t.csv")
        text = self.done("--profile", "toy.json", *self.GRID, "--csv")
        self.assertEqual((self.folder / "t.csv").read_text(encoding="utf-8"), text)
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), len(places))
        for row, place in zip(rows, places):
            self.assertEqual(row["feasible"], "1")
            for key in ("up_mbps", "down_mbps", "wait_ms", "k", "latency_ms", "energy_mj", "cloud_ms", "upload_bytes",
                        "download_bytes", "transfers"):
                self.assertAlmostEqual(float(row[key]), place[key], delta=1e-9)
            self.assertAlmostEqual(float(row["cloud_only_energy_mj"]), place["cloud_only"]["energy_mj"], delta=1e-6)
            words = [f"{s['side'][0].upper()}{s['first']}" + (f"-{s['last']}" if s["last"] > s["first"] else "")
                     for s in place["segments"]]
            self.assertEqual(row["segments"], " ".join(words))

    def test_files_hold_what_is_printed(self):
        self.toy()
        text = self.done("--profile", "toy.json", *self.GRID, "--json")
        self.assertEqual(self.done("--profile", "toy.json", *self.GRID, "-o", "t.json"), "")
        self.assertEqual((self.folder / "t.json").read_text(encoding="utf-8"), text)
        self.refused(1, "--profile", "toy.json", *self.GRID, "-o", "no/t.json", has="no/t.json: cannot be written")

    def test_the_downlink_may_stay(self):
        self.toy()
        table = self.json("--profile", "toy.json", *self.GRID, "--fixed-down")
        self.assertEqual({place["down_mbps"] for place in table["plans"]}, {13.76})

    def test_infeasible_places_say_so(self):
        self.toy()
        places = self.json("--profile", "toy.json", *self.GRID, "--max-latency-ms", 30)["plans"]
        self.assertEqual({place["feasible"] for place in places}, {True, False})
        self.assertIn("infeasible", self.done("--profile", "toy.json", *self.GRID, "--max-latency-ms", 30))
        self.assertIn(",0,-,,", self.done("--profile", "toy.json", *self.GRID, "--max-latency-ms", 30, "--csv"))

    def test_the_report_is_a_map(self):
        self.toy()
        report = self.done("--profile", "toy.json", "--table")
        self.assertIn("M1-3 C4", report)
        self.assertEqual(len(report.splitlines()), 1 + 19 + 2)


if __name__ == "__main__":
    JOINT = str(pathlib.Path(sys.argv[1]).resolve())
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
