public import SystemIO
import Wire

/// Why a file is no kernel that can be started.
public enum KernelImageError: Error, Equatable, Sendable {
    case empty
    case truncated(expected: Int64, found: Int64)
    case wrongFile(WrongFile)
    /// An ELF or PE file for a processor that is neither x86 nor arm64, by that format's number.
    case otherProcessor(UInt16)
    /// An ELF kernel (`vmlinux`) without a multiboot header.
    case noMultibootHeader
    /// A multiboot kernel that asks for what only a boot loader could do.
    case multibootDemands(feature: UInt32)
    case brokenHeader(part: String)
    /// Compressed in a way that only its own loader knows.
    case compression(String)
    case damagedCompression
    case unpacksTooFar(limit: Int64)
    case unreadable(SystemError)

    /// What people fetch by mistake.
    public enum WrongFile: Equatable, Sendable {
        case html, isoImage, initrd, archive, squashFS, script, efiProgram, bootSector
        case compressed(String)
        case unknown([UInt8])
    }
}

extension KernelImageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "The kernel file is empty. Check its address on the server."
        case .truncated(let expected, let found):
            "The kernel file ends too soon: it has \(found) bytes, and its header asks for at least "
                + "\(expected). Fetch it again, or replace it on the server."
        case .wrongFile(let file): file.words
        case .otherProcessor(let number):
            "This kernel is for another processor (machine number \(number)); x86 and arm64 kernels can be "
                + "started. Choose an entry for this machine."
        case .noMultibootHeader:
            "This is an ELF file without a multiboot header (a vmlinux?). Give the bzImage (vmlinuz) instead."
        case .multibootDemands(let feature):
            "This multiboot kernel demands what kexec cannot give (feature \(feature)). It needs a boot loader."
        case .brokenHeader(let part):
            "The kernel file is damaged: its \(part) makes no sense. Fetch it again."
        case .compression(let name):
            "The kernel is compressed with \(name); only gzip can be unpacked here. Unpack it on the server, or "
                + "build it with gzip."
        case .damagedCompression: "The compressed kernel is damaged and cannot be unpacked. Fetch it again."
        case .unpacksTooFar(let limit):
            "The compressed kernel would unpack to more than \(limit) bytes; that is no kernel."
        case .unreadable(let error): "The kernel file cannot be read: \(error)"
        }
    }
}

extension KernelImageError.WrongFile {
    var words: String {
        switch self {
        case .html: "This is a web page, not a kernel: the server answered with HTML. Check the address."
        case .isoImage:
            "This is an ISO image, not a kernel. Give the kernel and initrd that are inside, or grub.exe or "
                + "memdisk as the kernel and the image as its initrd."
        case .initrd: "This is an initrd (a cpio archive), not a kernel. Are kernel and initrd exchanged?"
        case .archive: "This is a tar archive, not a kernel. Give the kernel that is inside."
        case .squashFS: "This is a squashfs image, not a kernel."
        case .script: "This is a script, not a kernel."
        case .efiProgram:
            "This is an EFI program without a kernel inside; only firmware can start it. Choose a kernel image."
        case .bootSector: "This is a boot sector or disk image, not a kernel."
        case .compressed(let name): "This is a file compressed with \(name), not a kernel. Unpack it first."
        case .unknown(let bytes):
            "This is not a kernel that is known here: it begins with \(hexadecimal(bytes, separator: " ")). "
                + "A bzImage, a multiboot kernel, an arm64 Image, Image.gz or EFI image is expected."
        }
    }
}
