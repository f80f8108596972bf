import Wire

/// Addresses by the time at which they may be given to somebody else: a binary heap, the earliest first.
///
/// An entry is not moved when its lease is renewed. `AddressPool` looks at it again when its time has come.
struct ExpiryQueue: Sendable {
    struct Entry: Equatable, Sendable {
        var time: UnixTime
        var address: IPv4Address
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }

    var first: Entry? { heap.first }

    mutating func insert(_ address: IPv4Address, at time: UnixTime) {
        heap.append(Entry(time: time, address: address))
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].time < heap[parent].time else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        settleFirst()
    }

    /// Gives the first entry a later time.
    mutating func postponeFirst(to time: UnixTime) {
        heap[0].time = time
        settleFirst()
    }

    mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

    private mutating func settleFirst() {
        var index = 0
        while true {
            let left = 2 * index + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right].time < heap[left].time ? right : left
            guard heap[child].time < heap[index].time else { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
