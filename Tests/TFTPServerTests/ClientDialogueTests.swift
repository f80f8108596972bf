import Testing

@testable import TFTPServer

@Suite("What each boot client says, and hears")
struct ClientDialogueTests {
    @Test(
        "EDK2 asks for the size, hangs up with error 8, and comes back from another port with a window of 4")
    func edk2() {
        let edk2 = Dialogue(["snponly.efi": 7 * 1468 + 100])
        edk2.asks(
            "snponly.efi", "tsize 0 blksize 1468 windowsize 4", at: 0,
            "OACK tsize 10376 blksize 1468 windowsize 4")
        edk2.fails(8, "User aborted the transfer", at: 2, "end of size probe")
        #expect(edk2.listener.count == 0)
        edk2.port = 2001
        edk2.asks("snponly.efi", "blksize 1468 windowsize 4", at: 10, "OACK blksize 1468 windowsize 4")
        edk2.acknowledges(0, at: 11, "DATA 1-4")
        edk2.acknowledges(4, at: 12, "DATA 5-8")
        edk2.acknowledges(8, at: 13, "end 10376 bytes, 0 again")
        #expect(edk2.listener.count == 0)
    }

    @Test("EDK2 acknowledges once for every block that it cannot use, and is answered once")
    func edk2Loss() {
        let edk2 = Dialogue(["f": 100 * 1468])
        edk2.asks("f", "blksize 1468 windowsize 4", at: 0, "OACK blksize 1468 windowsize 4")
        edk2.acknowledges(0, at: 1, "DATA 1-4")
        // Block 2 is lost: 3 and 4 are of no use.
        edk2.acknowledges(1, at: 2, "DATA 2-5")
        edk2.acknowledges(1, at: 3, "-")
        edk2.acknowledges(5, at: 4, "DATA 6-9")
        // Block 6 is lost, the first of its window; what repeats 5 may be an echo of the blocks sent twice.
        edk2.acknowledges(5, at: 5, "-")
        edk2.silence(until: 1003, "-")
        edk2.silence(until: 1004, "DATA 6-9")
        edk2.acknowledges(9, at: 1005, "DATA 10-13")
        for _ in 6...9 { edk2.acknowledges(9, at: 1006, "-") }
        edk2.acknowledges(13, at: 1007, "DATA 14-17")
        // Block 14 is lost, and no block of the window before came twice.
        edk2.acknowledges(13, at: 1008, "DATA 14-17")
        edk2.acknowledges(13, at: 1009, "-")
    }

    @Test("Intel's and VMware's BIOS ROM asks for the size and hangs up with error 0")
    func intel() {
        let rom = Dialogue(["undionly.kpxe": 70_000])
        rom.asks("undionly.kpxe", "tsize 0", at: 0, "OACK tsize 70000")
        rom.fails(0, "TFTP Aborted", at: 1, "end of size probe")
        rom.port += 1
        rom.asks("undionly.kpxe", "blksize 1456", at: 5, "OACK blksize 1456")
        rom.acknowledges(0, at: 6, "DATA 1")
    }

    @Test("iPXE asks again after a quarter of a second, and has one transfer")
    func ipxe() {
        let ipxe = Dialogue(["boot.ipxe": 1432])
        ipxe.asks("boot.ipxe", "blksize 1432 tsize 0", at: 0, "OACK blksize 1432 tsize 1432")
        ipxe.asks("boot.ipxe", "blksize 1432 tsize 0", at: 250, "OACK blksize 1432 tsize 1432")
        #expect(ipxe.listener.count == 1)
        ipxe.acknowledges(0, at: 251, "DATA 1")
        // The second OACK is acknowledged too.
        ipxe.acknowledges(0, at: 252, "-")
        ipxe.acknowledges(1, at: 253, "DATA 2")
        ipxe.acknowledges(2, at: 254, "end 1432 bytes, 1 again")
    }

    @Test("pxelinux hears of nothing that it did not ask for, and uses one port for all its files")
    func pxelinux() {
        let pxelinux = Dialogue(["ldlinux.c32": 2000, "pxelinux.cfg/default": 50])
        pxelinux.asks("//ldlinux.c32", "tsize 0 blksize 1408", at: 0, "OACK tsize 2000 blksize 1408")
        pxelinux.acknowledges(0, at: 1, "DATA 1")
        pxelinux.acknowledges(1, at: 2, "DATA 2")
        // The last acknowledgment is lost. The next request shows that the file has arrived.
        pxelinux.asks(
            "pxelinux.cfg/01-52-54-00-12-34-56", "tsize 0 blksize 1408", at: 3, "ERROR 1 file not found")
        pxelinux.asks(
            "pxelinux.cfg/default", "tsize 0 blksize 1408", at: 4,
            "end 2000 bytes, last ACK missing; OACK tsize 50 blksize 1408")
        pxelinux.acknowledges(0, at: 5, "DATA 1")
        pxelinux.acknowledges(1, at: 6, "end 50 bytes, 0 again")
        #expect(pxelinux.listener.count == 0)
    }

    @Test("GRUB gets the OACK without which it does not start, and may stop reading for half a minute")
    func grub() {
        let grub = Dialogue(["grub/grub.cfg": 5000])
        grub.port = 25300
        grub.asks("/grub/grub.cfg", "blksize 1024 tsize 0", at: 0, "OACK blksize 1024 tsize 5000")
        grub.acknowledges(0, at: 1, "DATA 1")
        for second in [1, 3, 7, 15, 31] { grub.silence(until: 1001 * second, "DATA 1") }
        grub.acknowledges(1, at: 40_000, "DATA 2")
        grub.fails(0, "closed", at: 40_001, #"end: endedByClient("closed")"#)
    }

    @Test("shim asks through EDK2 with blocks of 512")
    func shim() {
        let shim = Dialogue(["grubx64.efi": 1024])
        shim.asks("grubx64.efi", "blksize 512 windowsize 4", at: 0, "OACK blksize 512 windowsize 4")
        shim.acknowledges(0, at: 1, "DATA 1-3")
        shim.acknowledges(3, at: 2, "end 1024 bytes, 0 again")
        shim.asks("revocations_sbat.efi", "blksize 512 windowsize 4", at: 3, "ERROR 1 file not found")
    }

    @Test("U-Boot gets its timeout back to the digit, and is sent nothing again before it")
    func uboot() {
        let uboot = Dialogue(["Image": 100_000])
        uboot.asks(
            "Image", "timeout 5 tsize 0 blksize 1468 windowsize 1", at: 0,
            "OACK timeout 5 tsize 100000 blksize 1468 windowsize 1")
        uboot.acknowledges(0, at: 10, "DATA 1")
        uboot.silence(until: 5009, "-")
        uboot.silence(until: 5010, "DATA 1")
        uboot.silence(until: 10_009, "-")
        uboot.silence(until: 10_010, "DATA 1")
        uboot.acknowledges(1, at: 10_011, "DATA 2")
    }

    @Test("A Raspberry Pi's ROM asks without options and gets its first block of 512 bytes at once")
    func raspberryPi() {
        let pi = Dialogue(["bootcode.bin": 1000, "start.elf": 5])
        pi.asks("bootcode.bin", at: 0, "DATA 1")
        pi.acknowledges(1, at: 1, "DATA 2")
        pi.acknowledges(2, at: 2, "end 1000 bytes, 0 again")
        pi.asks("bootsig.bin", at: 3, "ERROR 1 file not found")
        pi.asks("start.elf", "tsize 0", at: 4, "OACK tsize 5")
        pi.acknowledges(0, at: 5, "DATA 1")
    }

    @Test("Windows PE writes backslashes, a ROM with the option 67 flaw adds 0xFF")
    func paths() {
        let client = Dialogue(["boot/bcd": 3])
        client.asks(#"\Boot\..\boot\bcd"#, at: 0, "ERROR 2 '..' in the path")
        client.asks(#"\boot\bcd"#, at: 1, "DATA 1")
        client.port += 1
        client.listeningPort([0, 1] + "boot/bcd".utf8 + [0xff, 0] + wire("octet·"), at: 2, "DATA 1")
    }
}
