import BootCore
import Wire

// What the engine's values are called in logs.

extension IgnoreReason: CustomStringConvertible {
    var description: String {
        switch self {
        case .notARequest(let operation): "operation \(operation) is no request: another server's reply"
        case .bootp: "BOOTP, for which there is no pool of addresses"
        case .leaseQuery: "lease queries are not answered"
        case .unexpectedType(let type): "message type \(type) is not for a server"
        case .noIdentity: "neither a hardware address nor a client identifier"
        case .noSubnet(let address): "\(address) is in no configured subnet"
        case .unknownRelay(let address): "the relay \(address) is in no configured subnet"
        case .impossibleRelay(let address): "\(address) cannot be a relay's: it is this server's or no host's"
        case .poolExhausted(let network): "no address is free in \(network)"
        case .policy(let reason): reason.words
        case .bootsFromDisk: "it boots from its own disk"
        case .otherServerChosen(let server): "it chose the DHCP server \(server)"
        case .notOurLease(let address): "\(address) is no lease of this server's, which is not authoritative"
        case .noAddress: "it names no address"
        case .notItsAddress(let address): "\(address) is not its address"
        case .tooManyDeclines(let address): "\(address) declined, and too many before it"
        case .proxyMode: "addresses are another server's business (proxy mode)"
        case .notABootClient: "no boot client, and there are no addresses here (proxy mode)"
        case .switchedOff: "the DHCP server is switched off"
        }
    }

    /// Concerns all clients, so that one line does for all.
    var isAboutTheServer: Bool {
        switch self {
        case .poolExhausted, .unknownRelay, .impossibleRelay, .noSubnet, .switchedOff: true
        case .notARequest, .bootp, .leaseQuery, .unexpectedType, .noIdentity, .policy, .bootsFromDisk,
            .otherServerChosen, .notOurLease, .noAddress, .notItsAddress, .tooManyDeclines, .proxyMode,
            .notABootClient:
            false
        }
    }
}

extension NoBootReason {
    var words: String {
        switch self {
        case .notABootClient: "it is no boot client"
        case .unknownMachine: "neither machines nor rules name it, and unknown machines are ignored"
        case .unknownPlatform: "it told no architecture, or one without a boot program"
        case .noLoader(let platform): "no loader is configured for \(platform.rawValue)"
        }
    }
}

extension Remark: CustomStringConvertible {
    var description: String {
        switch self {
        case .reservationHeld(let address, let holder): "its own address \(address) is in use by \(holder)"
        case .reservationUnusable(let address):
            "its own address \(address) is not of this subnet or a server's"
        case .oldestOfferWithdrawn(let limit): "more than \(limit) offers were open: the oldest is withdrawn"
        case .leaseAdopted: "no lease was known; taken at its word"
        }
    }
}

extension DHCPMessageError: CustomStringConvertible {
    var description: String {
        switch self {
        case .tooShort(let bytes): "\(bytes) bytes are no DHCP message"
        case .tooLong(let bytes): "\(bytes) bytes are too many for a DHCP message"
        case .noCookie: "no DHCP cookie"
        case .hardwareAddressTooLong(let bytes): "a hardware address of \(bytes) bytes"
        case .truncatedOption(let code, let offset): "option \(code) at byte \(offset) is cut off"
        case .tooManyOptions(let limit): "more than \(limit) options"
        }
    }
}

extension LoaderStage {
    var name: String {
        switch self {
        case .firmware: "firmware"
        case .gpxe: "gpxe"
        case .ipxe: "ipxe"
        case .operatingSystem: "os"
        }
    }
}

extension BootStep {
    var name: String {
        switch self {
        case .loader: "loader"
        case .script: "script"
        case .localDisk: "local-disk"
        case .addressOnly: "address-only"
        case .silence: "silence"
        }
    }
}
