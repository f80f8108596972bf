import BootFiles
import SystemIO

/// What attributes are about: a node of an export, or a folder above the exports.
struct NFS4Object {
    enum Place {
        case export(Export)
        case pseudo
    }

    var place: Place
    var status: NodeStatus
    var handle: FileHandle
    var fileNumber: UInt64
    /// The number of the folder that an export's top is mounted on.
    var mountedOnFileNumber: UInt64
}

/// The attributes that are served (RFC 8881 §5), by their numbers.
enum NFS4Attribute {
    static let supported = NFS4Bitmap([
        supportedAttributes, type, handleExpiry, change, size, linkSupport, symbolicLinkSupport,
        namedAttributes,
        fileSystem, uniqueHandles, leaseTime, readError, canSetTime, caseInsensitive, casePreserving,
        chownRestricted, handle, fileNumber, filesAvailable, filesFree, filesTotal, homogeneous,
        maximumFileSize, maximumLinks, maximumName, maximumRead, maximumWrite, mode, noTruncation, links,
        owner,
        ownerGroup, rawDevice, spaceAvailable, spaceFree, spaceTotal, spaceUsed, accessTime, timeDelta,
        metadataTime, modifyTime, mountedOnFileNumber, exclusiveCreateAttributes,
    ])
    /// NFSv4.2 has this one more (RFC 8276 §8.2).
    static let supported2 = NFS4Bitmap(supported, adding: extendedAttributes)

    static let supportedAttributes: UInt32 = 0
    static let type: UInt32 = 1
    static let handleExpiry: UInt32 = 2
    static let change: UInt32 = 3
    static let size: UInt32 = 4
    static let linkSupport: UInt32 = 5
    static let symbolicLinkSupport: UInt32 = 6
    static let namedAttributes: UInt32 = 7
    static let fileSystem: UInt32 = 8
    static let uniqueHandles: UInt32 = 9
    static let leaseTime: UInt32 = 10
    static let readError: UInt32 = 11
    static let canSetTime: UInt32 = 15
    static let caseInsensitive: UInt32 = 16
    static let casePreserving: UInt32 = 17
    static let chownRestricted: UInt32 = 18
    static let handle: UInt32 = 19
    static let fileNumber: UInt32 = 20
    static let filesAvailable: UInt32 = 21
    static let filesFree: UInt32 = 22
    static let filesTotal: UInt32 = 23
    static let homogeneous: UInt32 = 26
    static let maximumFileSize: UInt32 = 27
    static let maximumLinks: UInt32 = 28
    static let maximumName: UInt32 = 29
    static let maximumRead: UInt32 = 30
    static let maximumWrite: UInt32 = 31
    static let mode: UInt32 = 33
    static let noTruncation: UInt32 = 34
    static let links: UInt32 = 35
    static let owner: UInt32 = 36
    static let ownerGroup: UInt32 = 37
    static let rawDevice: UInt32 = 41
    static let spaceAvailable: UInt32 = 42
    static let spaceFree: UInt32 = 43
    static let spaceTotal: UInt32 = 44
    static let spaceUsed: UInt32 = 45
    static let accessTime: UInt32 = 47
    static let accessTimeSet: UInt32 = 48
    static let timeDelta: UInt32 = 51
    static let metadataTime: UInt32 = 52
    static let modifyTime: UInt32 = 53
    static let modifyTimeSet: UInt32 = 54
    static let mountedOnFileNumber: UInt32 = 55
    static let exclusiveCreateAttributes: UInt32 = 75
    static let extendedAttributes: UInt32 = 82

    static func supported(minorVersion: UInt32) -> NFS4Bitmap { minorVersion >= 2 ? supported2 : supported }
}

extension NFS4Bitmap {
    init(_ other: NFS4Bitmap, adding number: UInt32) {
        self = other
        words[Int(number / 32)] |= 1 << (number % 32)
    }
}

extension XDRWriter {
    /// fattr4: which attributes follow, of those that were asked for, and their values in ascending order.
    mutating func attributes4(
        _ wanted: NFS4Bitmap, of object: NFS4Object, minorVersion: UInt32, key: SipHashKey
    ) throws(NFSStatus) {
        let answered = wanted.intersection(NFS4Attribute.supported(minorVersion: minorVersion))
        bitmap(answered)
        let start = count
        uint32(0)
        var space: FileSystemSpace?
        for word in 0..<UInt32(NFS4Bitmap.wordCount) {
            var bits = answered.words[Int(word)]
            while bits != 0 {
                let number = word * 32 + UInt32(bits.trailingZeroBitCount)
                bits &= bits - 1
                if space == nil, NFS4Attribute.isOfSpace(number) { space = try object.space() }
                attribute4(number, of: object, space, minorVersion: minorVersion, key: key)
            }
        }
        overwrite(UInt32(count - start - 4), at: start)
    }

    private mutating func attribute4(
        _ number: UInt32, of object: NFS4Object, _ space: FileSystemSpace?, minorVersion: UInt32,
        key: SipHashKey
    ) {
        let status = object.status
        switch number {
        case NFS4Attribute.type: uint32(status.kind.number)
        case NFS4Attribute.change: uint64(status.changed.totalNanoseconds)
        case NFS4Attribute.size: uint64(status.byteCount)
        case NFS4Attribute.fileSystem:
            uint64(object.fileSystem.major)
            uint64(object.fileSystem.minor)
        case NFS4Attribute.handle: opaque(object.handle.bytes(key: key))
        case NFS4Attribute.fileNumber: uint64(object.fileNumber)
        case NFS4Attribute.mountedOnFileNumber: uint64(object.mountedOnFileNumber)
        case NFS4Attribute.mode: uint32(status.permissions)
        case NFS4Attribute.links: uint32(status.linkCount)
        // As numbers: nobody has to agree on names for that.
        case NFS4Attribute.owner: string("\(status.userID)")
        case NFS4Attribute.ownerGroup: string("\(status.groupID)")
        case NFS4Attribute.rawDevice:
            uint32(status.deviceNumber.major)
            uint32(status.deviceNumber.minor)
        case NFS4Attribute.spaceUsed: uint64(status.allocatedBytes)
        case NFS4Attribute.accessTime: time4(status.accessed)
        case NFS4Attribute.metadataTime: time4(status.changed)
        case NFS4Attribute.modifyTime: time4(status.modified)
        case NFS4Attribute.filesAvailable, NFS4Attribute.filesFree: uint64(space?.freeFiles ?? 0)
        case NFS4Attribute.filesTotal: uint64(space?.totalFiles ?? 0)
        case NFS4Attribute.spaceAvailable: uint64(space?.availableBytes ?? 0)
        case NFS4Attribute.spaceFree: uint64(space?.freeBytes ?? 0)
        case NFS4Attribute.spaceTotal: uint64(space?.totalBytes ?? 0)
        case NFS4Attribute.supportedAttributes: bitmap(NFS4Attribute.supported(minorVersion: minorVersion))
        default: constant4(number)
        }
    }

    /// Attributes that are the same of everything here.
    private mutating func constant4(_ number: UInt32) {
        switch number {
        // FH4_PERSISTENT
        case NFS4Attribute.handleExpiry: uint32(0)
        case NFS4Attribute.leaseTime: uint32(UInt32(NFS4States.lease.components.seconds))
        case NFS4Attribute.readError: uint32(0)
        case NFS4Attribute.maximumFileSize: uint64(UInt64(Int64.max))
        case NFS4Attribute.maximumLinks: uint32(65_000)
        case NFS4Attribute.maximumName: uint32(UInt32(NFSProtocol.maximumNameBytes))
        case NFS4Attribute.maximumRead, NFS4Attribute.maximumWrite:
            uint64(UInt64(NFSProtocol.maximumReadBytes))
        case NFS4Attribute.timeDelta: time4(FileTime(seconds: 0, nanoseconds: 1))
        case NFS4Attribute.exclusiveCreateAttributes: bitmap(NFS4Bitmap())
        case NFS4Attribute.linkSupport, NFS4Attribute.symbolicLinkSupport, NFS4Attribute.casePreserving,
            NFS4Attribute.chownRestricted, NFS4Attribute.noTruncation, NFS4Attribute.homogeneous:
            bool(true)
        // Named attributes, settable times, blindness to case, one handle for each file (a file with two names in two
        // folders has two), extended attributes.
        case NFS4Attribute.namedAttributes, NFS4Attribute.canSetTime, NFS4Attribute.caseInsensitive,
            NFS4Attribute.uniqueHandles, NFS4Attribute.extendedAttributes:
            bool(false)
        default: preconditionFailure("attribute \(number) is listed as supported and has no value")
        }
    }

    private mutating func time4(_ time: FileTime) {
        uint64(UInt64(bitPattern: time.seconds))
        uint32(time.nanoseconds)
    }
}

extension NFS4Attribute {
    fileprivate static func isOfSpace(_ number: UInt32) -> Bool {
        (filesAvailable...filesTotal).contains(number) || (spaceAvailable...spaceTotal).contains(number)
    }
}

extension NFS4Object {
    /// fsid4: one for each export, another for the folders above.
    fileprivate var fileSystem: (major: UInt64, minor: UInt64) {
        switch place {
        case .export(let export): (1, export.fsid)
        case .pseudo: (0, 0)
        }
    }

    fileprivate func space() throws(NFSStatus) -> FileSystemSpace {
        switch place {
        case .export(let export): try asking { () throws(NodeFailure) in try export.tree.space() }
        case .pseudo: FileSystemSpace(totalBytes: 0, totalFiles: 0)
        }
    }
}
