#!/usr/bin/env python3
"""A bad network link in user space, for kernels without netem: two taps joined with delay, loss, rate or a cut.

usage: link.py ROUTER ADDRESS/LEN BRIDGE SETTINGS      (root)

One end is `wan` in the namespace ROUTER, with that address; the other is a port of BRIDGE here.
SETTINGS is a file of JSON that is read again when it changes:
  {"up": {"delay": ms, "jitter": ms, "loss": percent, "rate": kbit/s, "queue": packets, "cut": bool}, "down": {...}}
`up` is away from the router. What is absent is perfect.
"""
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
READ_AGAIN_S = 0.1
AT_ONCE = 64
QUEUE = 1000


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def tap() -> tuple[int, str]:
    """A tap, and the name that the kernel gave it."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    made = fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", b"tap%d", IFF_TAP | IFF_NO_PI))
    return fd, made[:16].rstrip(b"\0").decode()


class Way:
    """One way across: what is queued on it, and when it is free to send again."""

    def __init__(self, out: int):
        self.out, self.settings, self.queued, self.free_at = out, {}, 0, 0.0

    def leaves_at(self, size: int, now: float) -> float | None:
        """When a packet that arrives now leaves, or None if it is lost."""
        s = self.settings
        if s.get("cut") or random.random() * 100 < s.get("loss", 0) or self.queued >= s.get("queue", QUEUE):
            return None
        if s.get("rate"):
            self.free_at = max(self.free_at, now) + size * 8 / (s["rate"] * 1000)
            now = self.free_at
        return now + (s.get("delay", 0) + random.uniform(-1, 1) * s.get("jitter", 0)) / 1000


def main(router: str, address: str, bridge: str, settings: str) -> None:
    (inside, wan), (outside, port) = tap(), tap()
    ip("link", "set", wan, "netns", router, "name", "wan")
    ip("-n", router, "addr", "add", address, "dev", "wan")
    ip("-n", router, "link", "set", "wan", "up")
    ip("link", "set", port, "master", bridge, "up")
    up, down = Way(outside), Way(inside)
    ways = {inside: up, outside: down}
    pending, order, read_at, stamp = [], 0, 0.0, None
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        if now - read_at > READ_AGAIN_S:
            read_at = now
            if (changed := os.stat(settings).st_mtime_ns) != stamp:
                with open(settings, encoding="utf8") as file:
                    wanted = json.load(file)
                up.settings, down.settings, stamp = wanted.get("up", {}), wanted.get("down", {}), changed
        wait = min(READ_AGAIN_S, max(0.0, pending[0][0] - now)) if pending else READ_AGAIN_S
        for fd in select.select([inside, outside], [], [], wait)[0]:
            for _ in range(AT_ONCE):
                try:
                    packet = os.read(fd, 2048)
                except BlockingIOError:
                    break
                way = ways[fd]
                if (at := way.leaves_at(len(packet), time.monotonic())) is not None:
                    way.queued += 1
                    order += 1
                    heapq.heappush(pending, (at, order, way, packet))
        while pending and pending[0][0] <= time.monotonic():
            _, _, way, packet = heapq.heappop(pending)
            way.queued -= 1
            os.write(way.out, packet)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
