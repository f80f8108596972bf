/// Transfers in the order of their beginnings.
struct TFTPTransferQueue {
    private var transfers: [TFTPTransferID] = []
    /// Those before it have left.
    private var start = 0

    var first: TFTPTransferID? { start < transfers.count ? transfers[start] : nil }

    mutating func append(_ transfer: TFTPTransferID) { transfers.append(transfer) }

    mutating func removeFirst() {
        start += 1
        // What has left goes when it is the larger half: that moves each transfer once or less.
        if start * 2 >= transfers.count {
            transfers.removeFirst(start)
            start = 0
        }
    }
}
