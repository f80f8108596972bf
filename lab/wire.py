#!/usr/bin/env python3
"""A length of wire between QEMU (a unix datagram netdev) and a tap, for QEMU's ROM to look like any PXE ROM.

    wire.py TAP OWN_SOCKET QEMU_SOCKET [VLAN]

With VLAN it is a switch's port at the far end of a trunk instead, because kernels are built without VLANs: what the
machine sends tagged with that number goes on without the tag, and what comes for the same sender gets it.

Without, it takes what marks iPXE (options 77 and 175, and 175 and 203 in the request list) off the machine's DHCP
requests, until the machine has asked for a first file by TFTP: what it loads then is iPXE and may say so.
"""
import collections, fcntl, os, select, socket, struct, sys

TUNSETIFF, TAP_WITHOUT_HEADER = 0x400454CA, 0x1002
COOKIE = b'\x63\x82\x53\x63'


def checksum(data):
    data += b'\0' * (len(data) & 1)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def without_marks(options):
    kept, i = b'', 0
    while i < len(options) and options[i] != 255:
        code = options[i]
        if code == 0:
            i += 1
            continue
        value = options[i + 2:i + 2 + options[i + 1]]
        i += 2 + len(value)
        if code == 55:
            value = bytes(asked for asked in value if asked not in (175, 203))
        if code in (77, 175):
            print('took off option', code, value, flush=True)
        else:
            kept += bytes([code, len(value)]) + value
    return (kept + b'\xff').ljust(len(options), b'\0')


def plain(frame):
    """The frame without iPXE's marks, and whether it asks for a first file."""
    if frame[12:14] != b'\x08\x00' or frame[23] != 17:
        return frame, False
    udp = 14 + (frame[14] & 15) * 4
    port, length = struct.unpack('!HH', frame[udp + 2:udp + 6])
    options = udp + 8 + 240
    if port not in (67, 4011) or frame[options - 4:options] != COOKIE:
        return frame, port == 69
    new = bytearray(frame)
    new[options:udp + length] = without_marks(frame[options:udp + length])
    new[udp + 6:udp + 8] = b'\0\0'
    pseudo = bytes(frame[26:34]) + struct.pack('!BBH', 0, 17, length)
    new[udp + 6:udp + 8] = struct.pack('!H', checksum(pseudo + bytes(new[udp:udp + length])) or 0xffff)
    return bytes(new), False


class Trunk:
    """Takes the tag off and puts it on again."""

    def __init__(self, number):
        self.tag, self.senders = struct.pack('!HH', 0x8100, number), set()

    def outward(self, frame):
        if frame[12:14] == self.tag[:2] and frame[14] & 15 == self.tag[2] and frame[15] == self.tag[3]:
            self.senders.add(frame[6:12])
            return frame[:12] + frame[16:]
        return frame

    def inward(self, frame):
        tagged = frame[:12] + self.tag + frame[12:]
        if frame[:6] in self.senders:
            return [tagged]
        return [frame, tagged] if frame[0] & 1 and self.senders else [frame]


def receive(take):
    """All that has come in, up to a bound."""
    for _ in range(64):
        try:
            yield take(65536)
        except BlockingIOError:
            return


def main(tap, own, qemu, vlan=None):
    wire = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(wire, TUNSETIFF, struct.pack('16sH22s', tap.encode(), TAP_WITHOUT_HEADER, b''))
    machine = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    machine.bind(own)
    machine.setblocking(False)  # waiting in a send while QEMU waits in its own would stop both for good
    trunk = Trunk(int(vlan)) if vlan else None
    disguised = not trunk
    # For QEMU, whose socket takes only a few frames at a time; what is too much is lost, as in a switch.
    waiting = collections.deque(maxlen=2000)
    while True:
        readable, _, _ = select.select([wire, machine], [machine] if waiting else [], [])
        if wire in readable:
            for frame in receive(lambda size: os.read(wire, size)):
                waiting.extend(trunk.inward(frame) if trunk else [frame])
        if machine in readable:
            for frame in receive(machine.recv):
                if disguised:
                    frame, first_file = plain(frame)
                    if first_file:
                        disguised = False
                        print('first TFTP request: nothing is changed any more', flush=True)
                os.write(wire, trunk.outward(frame) if trunk else frame)
        while waiting:
            try:
                machine.sendto(waiting[0], qemu)
            except BlockingIOError:
                break
            except OSError as error:  # the machine is not there yet, or not any more
                print('lost one:', error, flush=True)
            waiting.popleft()


if __name__ == '__main__':
    main(*sys.argv[1:])
