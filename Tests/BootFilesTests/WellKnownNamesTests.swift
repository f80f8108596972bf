import BootFiles
import Testing

@Suite("Names that mean the same on every protocol")
struct WellKnownNamesTests {
    @Test("The file of machines that are left to their disk is known in any folder, and nothing like it is")
    func localDisk() throws {
        #expect(try BootPath("netbootd-boots-the-local-disk").isLocalDiskRefusal)
        #expect(try BootPath("/boot/netbootd-boots-the-local-disk").isLocalDiskRefusal)
        #expect(try !BootPath("netbootd-boots-the-local-disk/a").isLocalDiskRefusal)
        #expect(try !BootPath("netbootd-boots-the-local-disk.efi").isLocalDiskRefusal)
        #expect(try !BootPath("/").isLocalDiskRefusal)
    }

    @Test(
        "What loaders look for before something else is a probe",
        arguments: [
            "pxelinux.cfg/01-52-54-00-12-34-56", "pxelinux.cfg/0A000064", "boot/pxelinux.cfg/0",
            "grub/grub.cfg-01-52-54-00-12-34-56", "grub.cfg-0A00", "grub/x86_64-efi/command.lst",
            "revocations.efi", "shim_certificate_0.efi", "autoexec.ipxe", "bootsig.bin",
        ])
    func probes(path: String) throws {
        #expect(try BootPath(path).isRoutineProbe)
    }

    @Test(
        "What a loader cannot do without is none",
        arguments: ["pxelinux.cfg/default", "grub/grub.cfg", "undionly.kpxe", "pxelinux.cfg", "a/b", "/"])
    func needed(path: String) throws {
        #expect(try !BootPath(path).isRoutineProbe)
    }
}
