"""
The wires between one host's network namespace and the servers outside, one for each kind of server. Each can swallow
everything, or be slow: packets go through this process from one tun device to the other.

usage: wire.py OUTSIDE:INSIDE:NAMESPACE…   (names of tun devices to make; INSIDE goes into the namespace)
stdin: "INDEX pass", "INDEX drop", "INDEX slow DELAY_MS LOSS_PERCENT", a line each; end of file ends it.
"""
import fcntl, heapq, os, random, select, struct, subprocess, sys, time

TUNSETIFF = 0x400454CA
TUN_NO_HEADER = 0x0001 | 0x1000


def tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), TUN_NO_HEADER))
    return fd


def main():
    other, wire_of, modes = {}, {}, []
    for index, text in enumerate(sys.argv[1:]):
        outside, inside, namespace = text.split(":")
        a, b = tun(outside), tun(inside)
        subprocess.run(["ip", "link", "set", inside, "netns", namespace], check=True)
        other[a], other[b] = b, a
        wire_of[a] = wire_of[b] = index
        modes.append(("pass",))
    print("ready", flush=True)
    late, count = [], 0
    while True:
        wait = None if not late else max(0, late[0][0] - time.monotonic())
        readable, _, _ = select.select([0, *other], [], [], wait)
        for fd in readable:
            if fd == 0:
                lines = os.read(0, 65536).decode()
                if lines == "":
                    return
                for line in lines.splitlines():
                    index, *mode = line.split()
                    modes[int(index)] = tuple(mode)
                continue
            for _ in range(64):
                try:
                    packet = os.read(fd, 65536)
                except OSError:
                    break
                mode = modes[wire_of[fd]]
                if mode[0] == "drop":
                    continue
                if mode[0] == "pass":
                    send(other[fd], packet)
                elif random.random() * 100 >= float(mode[2]):
                    count += 1
                    heapq.heappush(late, (time.monotonic() + float(mode[1]) / 1000, count, other[fd], packet))
        while late and late[0][0] <= time.monotonic():
            _, _, fd, packet = heapq.heappop(late)
            send(fd, packet)


def send(fd, packet):
    try:
        os.write(fd, packet)
    except OSError:
        pass


main()
