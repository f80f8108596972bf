import Synchronization
public import Wire

/// Who has which address, as DHCP and the loaders' queries have told.
///
/// TFTP and HTTP requests carry an address alone; this gives it a machine. It is safe from any thread, and
/// holds the machines seen last, up to its capacity.
public final class MachineDirectory: Sendable {
    private struct State {
        var machineByAddress: [IPv4Address: Machine] = [:]
        /// Of every machine in `machineByAddress` that has one, and of no other.
        var addressByMAC: [MACAddress: IPv4Address] = [:]
        /// Addresses from the one that was noted longest ago; may hold an address more than once.
        var order: [(address: IPv4Address, stamp: UInt64)] = []
        var stamps: [IPv4Address: UInt64] = [:]
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    public init(capacity: Int = 16_384) { self.capacity = capacity }

    /// Remembers `machine` under its address; without one, it does nothing. What is not told anew is kept.
    public func note(_ machine: Machine) {
        guard let address = machine.address else { return }
        state.withLock { state in
            var merged = machine
            if let before = state.machineByAddress[address] {
                merged.fillGaps(from: before)
                if let mac = before.mac, mac != merged.mac { state.addressByMAC[mac] = nil }
            }
            if let mac = merged.mac {
                if let old = state.addressByMAC[mac], old != address {
                    state.machineByAddress[old] = nil
                    state.stamps[old] = nil
                }
                state.addressByMAC[mac] = address
            }
            state.machineByAddress[address] = merged
            state.clock += 1
            state.stamps[address] = state.clock
            state.order.append((address, state.clock))
            trim(&state)
        }
    }

    public func machine(at address: IPv4Address) -> Machine? {
        state.withLock { $0.machineByAddress[address] }
    }

    private func trim(_ state: inout State) {
        guard state.machineByAddress.count > capacity || state.order.count > 4 * capacity else { return }
        var kept: [(address: IPv4Address, stamp: UInt64)] = []
        // Some more than needed: to make room for one machine at a time would mean to go through all for each.
        let isFull = state.machineByAddress.count > capacity
        var surplus = isFull ? state.machineByAddress.count - capacity + capacity / 16 : 0
        for entry in state.order where state.stamps[entry.address] == entry.stamp {
            if surplus > 0 {
                surplus -= 1
                state.stamps[entry.address] = nil
                if let mac = state.machineByAddress.removeValue(forKey: entry.address)?.mac,
                    state.addressByMAC[mac] == entry.address
                {
                    state.addressByMAC[mac] = nil
                }
            } else {
                kept.append(entry)
            }
        }
        state.order = kept
    }
}

extension Machine {
    /// Takes from `other` what is not known here, unless MAC or UUID tell that it is another machine.
    public mutating func fillGaps(from other: Machine) {
        if let mac, let otherMAC = other.mac {
            guard mac == otherMAC else { return }
        } else if let uuid, let otherUUID = other.uuid {
            guard uuid == otherUUID || uuid == otherUUID.swapped else { return }
        }
        mac = mac ?? other.mac
        uuid = uuid ?? other.uuid
        serial = serial ?? other.serial
        asset = asset ?? other.asset
        platform = platform ?? other.platform
        hostname = hostname ?? other.hostname
    }
}
