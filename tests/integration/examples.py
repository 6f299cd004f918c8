#!/usr/bin/env python3
"""Runs the example client against a server, and against none."""
import os
import subprocess
import sys
import tempfile

joint, server_program, minimal = sys.argv[1:4]

with tempfile.TemporaryDirectory(prefix="joint-examples-") as folder:
    model = os.path.join(folder, "model.onnx")
    subprocess.run([joint, "zoo", "lenet", "-o", model], check=True, timeout=60)
    server = subprocess.Popen([server_program, model], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().strip()
    there = subprocess.run([minimal, model, address], capture_output=True, text=True, timeout=60)
    server.stdin.close()
    server.wait(timeout=60)
    server.stdout.close()
    here = subprocess.run([minimal, model, address], capture_output=True, text=True, timeout=60)

print(there.stdout, there.stderr, here.stdout, here.stderr, sep="")
first = [run.stdout.rsplit(None, 1)[-1] for run in (there, here)]
sys.exit(not (there.returncode == here.returncode == 0 and first[0] == first[1] and
              there.stdout.startswith("ran on the server (as planned)") and
              here.stdout.startswith("ran on the device (")))
