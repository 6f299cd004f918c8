# Phones that choose their splits by the service's load, while a second load comes and goes: one line a second, and whether they moved.
import contextlib
import json
import subprocess
import threading
import time

PHONES = 4
ALONE_SECONDS, LOADED_SECONDS, AFTER_SECONDS = 6, 9, 11
SLOWNESS = 8  # of the emulated phone, as a share of this machine's time
LEAST_PHONE_MS = 12  # so that a tiny network is worth sending as well
WAIT = 6  # what the second load's queue takes, in whole runs on the phone, if nothing is batched
BAR = 24
MOVED, BACK = 0.3, 0.7  # shares of a second's requests on the server: below and above


def fail(text):
    raise SystemExit(f"demo: {text}")


def make_profile(joint, model, folder):
    """What the layers take here, and on a phone so many times as slow: its path, the phone's ms, the factor."""
    path = f"{folder}/phone.json"
    subprocess.run([joint, "profile", model, "-o", path, "--blocks", "none", "--element", "f32", "--seconds", "2"],
                   stdout=subprocess.DEVNULL, check=True)
    with open(path) as file:
        profile = json.load(file)
    here = sum(layer["cloud_ms"] for layer in profile["layers"])
    factor = max(SLOWNESS, LEAST_PHONE_MS / here)
    for layer in profile["layers"]:
        layer["mobile_ms"] = layer["cloud_ms"] * factor
    profile["device"] = f"a phone {factor:.3g} times as slow as this machine"
    with open(path, "w") as file:
        json.dump(profile, file)
    return path, here * factor, factor


class Phone:
    """A `joint infer` that runs one request after the other, and what it tells of each."""

    def __init__(self, command, errors):
        self.lock, self.calls = threading.Lock(), []
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.child.stdout:
            with self.lock:
                self.calls.append(json.loads(line))

    def take(self):
        with self.lock:
            calls, self.calls = self.calls, []
        return calls

    def end(self):
        self.child.kill()
        self.child.wait()
        self.thread.join()
        self.child.stdout.close()


@contextlib.contextmanager
def phones(joint, prefix, address, model, profile, folder):
    command = [*prefix, joint, "infer", "--server", address, "--model", model, "--input", f"{folder}/input.npy", "--profile", profile,
               "--paced", "--each", "--json", "--repeat", "100000"]
    with open(f"{folder}/phones.log", "w") as errors:
        running = []
        try:
            for _ in range(PHONES):
                running.append(Phone(command, errors))
            yield running
        finally:
            for phone in running:
                phone.end()


def predicted_wait(joint, prefix, address):
    done = subprocess.run([*prefix, joint, "load", "--server", address, "--json"], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["predicted_wait_ms"] if done.returncode == 0 else 0.0


def describe(calls):
    """Which cuts ran there, and which on the phones, the most frequent first."""
    counts = {}
    for call in calls:
        name = f"{call['from']} to {call['to']}" if call["ran_on"] == "server" else "device"
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1])[:3])


def watch(running, seconds, name, wait):
    """A line for each second; the shares of requests on the server."""
    shares = []
    for _ in range(seconds):
        time.sleep(1)
        for phone in running:
            if phone.child.poll() is not None:
                fail("a phone has ended; see phones.log")
        calls = [call for phone in running for call in phone.take()]
        share = sum(call["ran_on"] == "server" for call in calls) / len(calls) if calls else None
        bar = "#" * round((share or 0) * BAR)
        middle = sorted(call["total_ms"] for call in calls)[len(calls) // 2] if calls else 0
        print(f"{name:<12} {wait():>8.1f} {len(calls):>9} {middle:>9.1f}  [{bar:<{BAR}}] {100 * (share or 0):>4.0f} %  {describe(calls)}", flush=True)
        shares.append(share)
    return [share for share in shares if share is not None]


@contextlib.contextmanager
def second_load(joint, prefix, address, model, name, in_flight, folder):
    """Many other clients at once, each with its next request as soon as the last one is answered."""
    command = [*prefix, joint, "loadtest", "--server", address, "--model", model, "--name", name, "--closed", str(in_flight),
               "--clients", str(in_flight), "--duration", str(LOADED_SECONDS + 30), "--warmup", "0", "--split", "cloud",
               "--deadline-ms", "5000", "--sockets", "1"]
    with open(f"{folder}/second.log", "w") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield child, log.name
        finally:
            child.send_signal(2)  # cancels what is open, so that the queue goes with it
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def has_begun(log):
    with open(log) as file:
        return "in flight" in file.read()


def show(joint, model, name, folder, address, prefix):
    """False: the splits did not go to the device and come back."""
    profile, phone_ms, factor = make_profile(joint, model, folder)
    in_flight = min(max(round(WAIT * factor), 16), 1000)
    wait = lambda: predicted_wait(joint, prefix, address)
    print(f"{PHONES} phones with --split auto. Each is emulated: a process that computes on this machine, and then waits until a phone\n"
          f"{factor:.3g} times as slow ({phone_ms:.0f} ms for the whole network) would be done. The link is this machine's own.\n"
          f"After {ALONE_SECONDS} s a second load keeps {in_flight} requests in flight, for {LOADED_SECONDS} s.\n")
    with phones(joint, prefix, address, model, profile, folder) as running:
        end = time.monotonic() + 60
        while not all(phone.calls for phone in running) and time.monotonic() < end:
            time.sleep(0.1)
        for phone in running:
            phone.take()
        print(f"{'load':<12} {'wait ms':>8} {'requests':>9} {'median ms':>9}  {'on the server':<{BAR + 9}}  cuts there", flush=True)
        alone = watch(running, ALONE_SECONDS, "phones alone", wait)
        with second_load(joint, prefix, address, model, name, in_flight, folder) as (second, log):
            while not has_begun(log) and second.poll() is None:
                watch(running, 1, "it comes", wait)
            loaded = watch(running, LOADED_SECONDS, "second load", wait)
            if second.poll() is not None:
                fail("the second load has ended by itself; see second.log")
        after = watch(running, AFTER_SECONDS, "phones alone", wait)
    before, during, back = max(alone[-3:], default=0), min(loaded[2:], default=1), max(after[-4:], default=0)
    has_moved = before >= BACK and during <= MOVED and back >= BACK
    print(f"\nOf the phones' requests {100 * before:.0f} % ran on the server, under the second load {100 * during:.0f} %, and after it {100 * back:.0f} %:"
          f" the splits {'moved to the device and came back' if has_moved else 'DID NOT move to the device and come back'}.")
    return has_moved
