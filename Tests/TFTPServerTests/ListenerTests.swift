import BootFiles
import Testing
import Wire

@testable import TFTPServer

@Suite("The listening port")
struct ListenerTests {
    @Test("A request that is repeated before anything was acknowledged gets the same first packet again")
    func duplicateRequest() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", "blksize 600", at: 0, "OACK blksize 600")
        client.asks("f", "blksize 600", at: 1, "OACK blksize 600")
        client.asks("f", "blksize 600", at: 500, "OACK blksize 600")
        #expect(client.listener.count == 1)
        client.acknowledges(0, at: 501, "DATA 1")
        let plain = Dialogue(["f": 10_000])
        plain.asks("f", at: 0, "DATA 1")
        plain.asks("f", at: 1, "DATA 1")
        #expect(plain.listener.count == 1)
    }

    @Test("A late duplicate does not end a transfer that goes on between two other ports")
    func lateDuplicate() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 1, "DATA 2")
        client.asks("f", at: 2, "DATA 1")
        #expect(client.listener.count == 2)
    }

    @Test("Another request from the same port takes the place of the transfer before")
    func superseded() {
        let client = Dialogue(["a": 10_000, "b": 10])
        client.asks("a", at: 0, "DATA 1")
        client.acknowledges(1, at: 1, "DATA 2")
        client.asks("b", at: 2, "end: superseded; DATA 1")
        #expect(client.listener.count == 1)
    }

    @Test("On one port for all, a transfer is known by its client's address and port")
    func singlePort() {
        let client = Dialogue(["f": 1000]) { $0.singlePort = true }
        client.asks("f", at: 0, "DATA 1")
        client.listeningPort([0, 4, 0, 1], at: 1, "DATA 2")
        client.port += 1
        client.listeningPort([0, 4, 0, 1], at: 2, "ERROR 5 no such transfer")
        client.asks("f", at: 3, "DATA 1")
        client.listeningPort([0, 4, 0, 1], at: 4, "DATA 2")
        client.port -= 1
        client.listeningPort([0, 4, 0, 2], at: 5, "end 1000 bytes, 0 again")
        // It starts over: on this port there can be no late duplicate of a transfer elsewhere.
        client.port += 1
        client.asks("f", at: 6, "end 1000 bytes, last ACK missing; DATA 1")
    }

    @Test("Writes, mail, unknown modes and nonsense are refused with the code of RFC 1350")
    func refusals() {
        let client = Dialogue(["f": 1000])
        client.listeningPort([0, 2] + wire("f·octet·"), at: 0, "ERROR 2 this server is read-only")
        client.asks("f", mode: "mail", at: 0, "ERROR 4 mail mode is not supported")
        client.asks("f", mode: "binary", at: 0, "ERROR 4 transfer mode 'binary' does not exist")
        client.listeningPort([0, 9, 1], at: 0, "ERROR 4 opcode 9 does not exist")
        client.listeningPort([0, 1] + wire("f"), at: 0, "ERROR 4 a request without an end of its file name")
        client.listeningPort([0, 3, 0, 1, 7], at: 0, "ERROR 5 no such transfer")
        client.listeningPort([0, 4, 0, 1], at: 0, "ERROR 5 no such transfer")
        #expect(client.listener.count == 0)
    }

    @Test("An error is never answered by an error, and neither is what is too short to be anything")
    func silence() {
        let client = Dialogue(["f": 1000])
        client.listeningPort([0, 5, 0, 1] + wire("x·"), at: 0, "-")
        client.listeningPort([0, 5], at: 0, "-")
        client.listeningPort([0], at: 0, "-")
        client.listeningPort([], at: 0, "-")
        client.listeningPort([0, 6] + wire("blksize·8·"), at: 0, "-")
    }

    @Test("Bad names are refused with error 2 and the reason")
    func names() {
        let client = Dialogue(["f": 1000])
        client.asks("../etc/passwd", at: 0, "ERROR 2 '..' in the path")
        client.asks("a/../../f", at: 0, "ERROR 2 '..' in the path")
        client.asks("a\tb", at: 0, "ERROR 2 control byte 9 at offset 1 of the name")
        client.asks("", at: 0, "ERROR 2 the request names no file")
        client.listeningPort([0, 1, 0xfe, 0] + wire("octet·"), at: 0, "ERROR 2 the name is not UTF-8")
        let long = String(repeating: "a", count: 1025)
        client.asks(long, at: 0, "ERROR 2 a name of 1025 bytes, which is too long")
    }

    @Test("A machine that is left to its own disk is told at once that there is no such file")
    func localBoot() {
        let client = Dialogue([:])
        client.asks("netbootd-boots-the-local-disk", at: 0, "ERROR 1 boot from the local disk")
    }

    @Test("At its bounds, all answered, the newest asker is refused; a transfer that ends makes room")
    func bounds() {
        let client = Dialogue(["f": 1000]) {
            $0.maximumTransfers = 3
            $0.maximumTransfersPerClient = 2
        }
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 0, "DATA 2")
        client.port += 1
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 0, "DATA 2")
        client.port += 1
        client.asks("f", at: 0, "ERROR 0 too many transfers")
        client.address = IPv4Address(10, 0, 0, 101)
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 0, "DATA 2")
        client.address = IPv4Address(10, 0, 0, 102)
        client.port += 1
        client.asks("f", at: 0, "ERROR 0 too many transfers")
        client.port -= 1
        client.acknowledges(2, at: 1, "end 1000 bytes, 0 again")
        client.asks("f", at: 2, "DATA 1")
    }

    @Test("The log names the bound")
    func boundsInWords() {
        #expect(
            TFTPRefusal.tooManyTransfersOfClient(limit: 16).reason
                == "the limit of 16 transfers of one client (max-transfers-per-client)")
        #expect(
            TFTPRefusal.tooManyTransfers(limit: 1024).reason
                == "the limit of 1024 transfers (max-transfers)")
    }

    @Test("A place that a transfer leaves is not mistaken for the next one's")
    func reusedPlace() {
        var listener = TFTPListener(settings: TFTPSettings(address: .any))
        let peer = IPv4Endpoint(address: IPv4Address(10, 0, 0, 1), port: 1)
        let request = TFTPRequest(file: [0x66], mode: .octet)
        let first = listener.begin(request, content: .octets(byteCount: 1), for: peer, at: .zero).step
            .transfer
        _ = listener.received(.acknowledgment(block: 1), for: first, at: .zero)
        let second = listener.begin(request, content: .octets(byteCount: 1), for: peer, at: .zero).step
            .transfer
        #expect(first.slot == second.slot)
        #expect(first != second)
        let late = listener.received(.acknowledgment(block: 1), for: first, at: .zero)
        #expect(late == .wait(until: .zero))
        #expect(listener.count == 1)
    }

    @Test("What loaders try in passing is told from what they cannot do without")
    func probes() throws {
        for (path, isProbe) in [
            ("pxelinux.cfg/01-52-54-00-12-34-56", true), ("pxelinux.cfg/C0A80001", true),
            ("a/pxelinux.cfg/C0", true), ("pxelinux.cfg/default", false), ("grub/grub.cfg-01-52-54-00", true),
            ("grub/grub.cfg", false), ("grub/x86_64-efi/command.lst", true), ("shim_certificate_0.efi", true),
            ("revocations_sbat.efi", true), ("autoexec.ipxe", true), ("bootsig.bin", true),
            ("snponly.efi", false), ("pxelinux.cfg", false),
        ] {
            #expect(try BootPath(path).isRoutineProbe == isProbe, "\(path)")
        }
    }
}
