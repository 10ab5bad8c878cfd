/// Decisions whose evidence is not there, each until the first shedding entry behind it that says that its time was shed.
///
/// It is told of decisions and shedding entries in the order of the ledger. What an entry sheds costs as much as it sheds, and one
/// comparison when that is nothing, however many entries somebody writes and whatever times they name.
public struct UnkeptDecisions: Sendable {
    /// A heap: what stands at `n` is not from after what stands at `2n + 1` and `2n + 2`.
    private var heap: [(place: Int, at: Int64)] = []

    /// Without decisions.
    public init() {}

    /// Whether nothing is left for an entry to shed.
    public var isEmpty: Bool { heap.isEmpty }

    /// The places on the ledger of those of which no entry has said yet that they were shed, in no order.
    public var places: [Int] { heap.map(\.place) }

    /// Takes a decision up.
    /// - Parameters:
    ///   - place: of its entry on the ledger.
    ///   - time: in seconds since 1970, as its entry states it.
    public mutating func insert(_ place: Int, at time: Int64) {
        var hole = heap.endIndex
        heap.append((place: place, at: time))
        while hole > 0 {
            let above = (hole - 1) / 2
            guard heap[above].at > time else { break }
            heap.swapAt(above, hole)
            hole = above
        }
    }

    /// Lets go what was taken up before this entry and is from before its time.
    /// - Returns: the places on the ledger of those decisions, in no order: this is the first entry that says of them that they were shed.
    public mutating func remove(shedBy entry: SheddingEntry) -> [Int] {
        var shed: [Int] = []
        while let first = heap.first, first.at < entry.until {
            shed.append(first.place)
            removeFirst()
        }
        return shed
    }

    private mutating func removeFirst() {
        heap.swapAt(heap.startIndex, heap.endIndex - 1)
        heap.removeLast()
        var hole = 0
        while true {
            var earliest = hole
            for below in (2 * hole + 1)...(2 * hole + 2)
            where below < heap.endIndex && heap[below].at < heap[earliest].at { earliest = below }
            guard earliest != hole else { return }
            heap.swapAt(hole, earliest)
            hole = earliest
        }
    }
}
