"""What the sessions in Python share (fleet, incident, soak), as scripts/story is for those in bash."""
import hashlib
import json
import pathlib
import socket
import ssl
import subprocess
import time
import urllib.request

root = pathlib.Path(__file__).resolve().parent.parent
programs = root / ".build/debug"
held = []


class Wrong(Exception):
    """Something is not as it should be, and going on would show nothing more."""


def chapter(text):
    print(f"\n{text}", flush=True)


def say(text):
    print(f"  {text}", flush=True)


def check(holds, text):
    if not holds:
        raise Wrong(text)


def run(program, *arguments, status=0, patience=None):
    """Runs a program and gives what it printed; `status` is what it must end with, None for any."""
    done = subprocess.run([programs / program, *map(str, arguments)], capture_output=True, text=True, timeout=patience)
    if status is not None and done.returncode != status:
        raise Wrong(f"{program} {' '.join(map(str, arguments[:3]))} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done


def as_alice(work):
    return ("--trust", work / "verifier/trust.json", "--operator", work / "verifier/operators/alice")


def operator(work, *arguments, status=0):
    return run("birthmark", *arguments, *as_alice(work), status=status)


def told(work, *arguments):
    return json.loads(operator(work, *arguments, "--json").stdout)


def held_port():
    """A port that nobody else is given until the end: it is bound here too, which a service that names it may do beside."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    held.append(probe)
    return probe.getsockname()[1]


def listens(process, port, log):
    """Waits until a service has written its port."""
    for _ in range(2400):
        if port.exists() and port.stat().st_size:
            return
        check(process.poll() is None, f"{port.stem} ended with {process.returncode}: see {log}")
        time.sleep(0.05)
    raise Wrong(f"{port.stem} does not listen")


def make_verifier(work, policy, vendor=None, requests=None):
    """Makes the verifier of a factory, and alice, who may do everything.

    `vendor` is where the roots of the devices' TPMs lie; `requests` is how many of one address it takes a second, where all have one.
    """
    run("birthmark-factory", "export", work / "factory", "--out", work / "births.json")
    run("birthmark", "release", "keygen", work / "release.key", "--public", work / "release-keys.json")
    (work / "policy.json").write_text(json.dumps(policy))
    roots = ("--ek-roots", vendor / "root.pem", "--ek-roots", vendor / "intermediate.pem") if vendor else ()
    run("birthmark-verifier", "init", work / "verifier", "--listen", f"127.0.0.1:{held_port()}", "--policy", work / "policy.json",
        "--release-keys", work / "release-keys.json", "--birth-keys", work / "factory/birth-keys.json",
        "--factory-roots", work / "factory/factory-roots.pem", *roots)
    if requests:
        settings = json.loads((work / "verifier/config.json").read_text())
        settings["limits"]["requestsPerSecond"] = settings["limits"]["requestBurst"] = requests
        (work / "verifier/config.json").write_text(json.dumps(settings))
    run("birthmark-verifier", "operator", work / "verifier", "alice", "--role", "release-manager", "--role", "operator", "--role", "auditor", "--role", "factory")


def enrol(work, serial, place, state):
    """Gives birth to a device without a TPM, whose hardware and boot id are files; what it said when it asked."""
    state.mkdir(parents=True)
    state.chmod(0o700)
    (place / "cid").write_text(hashlib.sha256(serial.encode()).hexdigest()[:32])
    (place / "boot").write_text("1\n")
    (state / "agent.json").write_text(json.dumps({"bootID": str(place / "boot")}))
    request, birth = place / "request.json", place / "birth.json"
    asked = run("birthmark-device", "enrol", "--state", state, "--claim", f"mmc-cid={place / 'cid'}", "--out", request, "--json")
    run("birthmark-factory", "enrol", work / "factory", request, "--serial", serial, "--model", "sn-10", "--hardware-revision", "A",
        "--environment", "production", "--product", "sensor", "--package", "sensor-os", "--package-version", "1.7.0",
        "--security-version", 3, "--require-claim", "mmc-cid", "--out", birth)
    run("birthmark-device", "enrol", "--state", state, "--accept", birth)
    return json.loads(asked.stdout)


def reboot(place):
    boot = place / "boot"
    boot.write_text(f"{int(boot.read_text()) + 1}\n")


def ledger(work):
    """Every entry, out of the public tiles."""
    trust = json.loads((work / "verifier/trust.json").read_text())
    context = ssl.create_default_context(cadata=trust["tlsRoots"])

    def get(path):
        return urllib.request.urlopen(f"{trust['url']}/ledger/{path}", context=context, timeout=120).read()

    size, entries = int(get("checkpoint").split(b"\n")[1]), []
    for tile in range((size + 255) // 256):
        width, number = min(256, size - 256 * tile), f"{tile % 1000:03}"
        place = f"x{tile // 1000:03}/{number}" if tile >= 1000 else number
        body = get(f"tile/entries/{place}" + ("" if width == 256 else f".p/{width}"))
        while body:
            length = int.from_bytes(body[:2], "big")
            entries.append(json.loads(body[2:2 + length]))
            body = body[2 + length:]
    return entries
