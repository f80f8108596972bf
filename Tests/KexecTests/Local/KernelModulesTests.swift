import Glibc
import TestSupport
import Testing

@testable import Kexec
@testable import SystemIO

@Suite("Kernel modules from a folder")
struct KernelModulesTests {
    private static let tree = ModuleFolder(
        path: "/lib/modules/6.1",
        found: [
            "kernel/crypto/crc32c_generic.ko", "kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz",
            "kernel/drivers/net/wireless/ath/ath.ko", "kernel/fs/ext4/ext4.ko", "kernel/fs/jbd2/jbd2.ko",
            "kernel/fs/mbcache.ko", "kernel/sound/snd-hda.ko",
        ],
        order: "kernel/fs/mbcache.ko\nkernel/fs/jbd2/jbd2.ko\n",
        dependencies: """
            kernel/fs/ext4/ext4.ko: kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko
            kernel/fs/jbd2/jbd2.ko:
            kernel/sound/snd-hda.ko: kernel/gone.ko
            kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz:
            """,
        aliases: """
            # Aliases extracted from modules themselves.
            alias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000
            alias fs-ext4 ext4
            alias snd-card-* snd_hda
            """)

    @Test("Dependencies come first, and what is listed comes in its order")
    func order() {
        let tree = Self.tree
        #expect(tree.files.prefix(2) == ["kernel/fs/mbcache.ko", "kernel/fs/jbd2/jbd2.ko"])
        #expect(
            tree.ordered(["kernel/fs/ext4/ext4.ko"])
                == ["kernel/fs/mbcache.ko", "kernel/fs/jbd2/jbd2.ko", "kernel/fs/ext4/ext4.ko"])
    }

    @Test("A device's own name finds its driver")
    func aliases() {
        let device = "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00"
        #expect(
            Self.tree.files(forDevices: [device, "usb:v1D6Bp0002"])
                == ["kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz"])
        #expect(ModuleFolder.moduleName("a/b/snd-hda.ko.zst") == "snd_hda")
    }

    @Test("A heap is loaded in turns until a turn loads nothing")
    func turns() throws {
        let folder = try TemporaryFolder()
        for name in ["a.ko", "b.ko", "sub/c.ko", "d.ko", "README"] {
            try folder.write("modules/\(name)", "x")
        }
        let host = HostFiles(root: folder.path)
        let heap = ModuleFolder(path: "/modules/", host: host)
        #expect(heap.files == ["a.ko", "b.ko", "d.ko", "sub/c.ko"])
        // a needs b, b needs c; d is damaged.
        let needs = ["a.ko": "b.ko", "b.ko": "c.ko"]
        final class Kernel { var loaded: [String] = [] }
        let kernel = Kernel()
        var loader = ModuleLoader(host: host) { path in
            let name = String(path.split(separator: "/").last ?? "")
            if name == "d.ko" { return ENOEXEC }
            if let needed = needs[name], !kernel.loaded.contains(needed) { return ENOENT }
            kernel.loaded.append(name)
            return 0
        }
        #expect(loader.load(from: heap) == 3)
        #expect(kernel.loaded == ["c.ko", "b.ko", "a.ko"])
        #expect(loader.failures == ["d.ko": ENOEXEC])
        #expect(loader.load(from: heap) == 0)
    }

    @Test("Of a whole tree, drivers of the devices that are there are loaded, and file systems")
    func coldPlug() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "sys/bus/pci/devices/0000:00:03.0/modalias",
            "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00\n")
        final class Kernel { var loaded: [String] = [] }
        let kernel = Kernel()
        var loader = ModuleLoader(host: HostFiles(root: folder.path)) { path in
            kernel.loaded.append(ModuleFolder.moduleName(path))
            return 0
        }
        #expect(loader.load(from: Self.tree) == 5)
        #expect(kernel.loaded == ["crc32c_generic", "mbcache", "jbd2", "ext4", "e1000"])
    }

    @Test("An initramfs takes the drivers that lead to disks and networks, with their tables cut down")
    func chosen() {
        let chosen = InitramfsBuilder.chosen(from: Self.tree)
        #expect(
            chosen == [
                "kernel/crypto/crc32c_generic.ko", "kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz",
                "kernel/fs/mbcache.ko", "kernel/fs/jbd2/jbd2.ko", "kernel/fs/ext4/ext4.ko",
            ])
        #expect(
            InitramfsBuilder.table(
                "alias fs-ext4 ext4\nalias snd-card-* snd_hda\n", named: "modules.alias", of: chosen)
                == "alias fs-ext4 ext4\n")
        #expect(
            InitramfsBuilder.table(
                "kernel/sound/snd-hda.ko:\nkernel/fs/mbcache.ko:\n", named: "modules.dep", of: chosen)
                == "kernel/fs/mbcache.ko:\n")
    }
}
