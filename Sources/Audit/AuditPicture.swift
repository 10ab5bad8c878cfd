import Messages
import Pages
import UpdateTrust
import Wording

/// Devices one below the other, time from left to right: when each was trusted, and what happened to it.
struct AuditPicture {
    private let record: AuditRecord
    private let time: @Sendable (Int64) -> String

    /// More than these no page shows legibly; the table below has all of them.
    private static let maximumDevices = 60
    private static let (width, left, row, bar) = (1000, 150, 26, 10)

    init(_ record: AuditRecord, time: @escaping @Sendable (Int64) -> String) {
        self.record = record
        self.time = time
    }

    /// The markup; nothing where no instance is in question.
    var svg: String {
        let devices = record.chains.keys.sorted { record.name(of: $0) < record.name(of: $1) }
        let shown = devices.prefix(Self.maximumDevices)
        guard !shown.isEmpty, let first = record.entries.map(\.entry.at).min(),
            let last = record.entries.map(\.entry.at).max()
        else { return "" }
        let height = shown.count * Self.row + 40
        let rows = shown.enumerated().map { index, instance in
            row(
                record.chains[instance] ?? [],
                record.name(of: instance),
                index * Self.row,
                from: first,
                until: last
            )
        }
        let rest = devices.count - shown.count
        return """
            <svg viewBox="0 0 \(Self.width) \(height)" role="img" aria-label="When each device was trusted, and what happened to it">
            \(rows.joined(separator: "\n"))
            <text x="\(Self.left)" y="\(height - 8)">\(HTML.text(time(first)))</text>
            <text x="\(Self.width - 10)" y="\(height - 8)" text-anchor="end">\(HTML.text(time(last)))</text>
            </svg>
            <p class="key"><span class="trusted"></span>trusted <span class="granted"></span>granted <span class="received"></span>booted and measured \
            <span class="refused"></span>refused or ended <span class="gone"></span>retired\(rest > 0 ? " · and \(Counted.of(rest, "more device", "more devices")) below" : "")</p>
            """
    }

    private func row(
        _ chain: [AuditRecord.PlacedEntry],
        _ name: String,
        _ top: Int,
        from first: Int64,
        until last: Int64
    ) -> String {
        // Times are what somebody has written down: their difference need not be a whole number of 64 bits.
        let span = max(1, Double(last) - Double(first))
        func x(_ at: Int64) -> Int {
            let offset = Double(min(max(at, first), last)) - Double(first)
            return Self.left + Int(offset / span * Double(Self.width - Self.left - 10))
        }
        let middle = top + Self.row / 2
        let bars = leases(of: chain, until: last).map { lease in
            "<rect class=\"trusted\" x=\"\(x(lease.from))\" y=\"\(middle - Self.bar / 2)\" width=\"\(max(2, x(lease.to) - x(lease.from)))\" height=\"\(Self.bar)\"/>"
        }
        let marks = chain.compactMap { placed -> String? in
            guard let mark = Self.mark(placed.entry.body) else { return nil }
            let title = HTML.text("entry \(placed.index), \(time(placed.entry.at)): \(placed.entry.body.type)")
            return
                "<circle class=\"\(mark)\" cx=\"\(x(placed.entry.at))\" cy=\"\(middle)\" r=\"5\"><title>\(title)</title></circle>"
        }
        return """
            <text x="0" y="\(middle + 5)">\(HTML.text(name))</text>
            <line x1="\(Self.left)" x2="\(Self.width - 10)" y1="\(middle)" y2="\(middle)"/>
            \((bars + marks).joined(separator: "\n"))
            """
    }

    private static func mark(_ body: LedgerEntry.Body) -> String? {
        switch body {
        case .grant: "granted"
        case .receipt: "received"
        case .decision(let body) where !body.accepted: "refused"
        case .compensated(let body) where !body.accepted: "refused"
        case .lease(let body) where body.event == .ended && body.cause != .expired: "refused"
        case .act(let body) where body.act == .retire: "gone"
        case .rework: "gone"
        default: nil
        }
    }

    private func leases(of chain: [AuditRecord.PlacedEntry], until last: Int64) -> [(from: Int64, to: Int64)] {
        var spans: [(from: Int64, to: Int64)] = []
        var open: (id: Label, from: Int64, expires: Int64)?
        for placed in chain {
            guard case .lease(let body) = placed.entry.body else { continue }
            switch body.event {
            case .issued:
                if let open { spans.append((open.from, min(open.expires, placed.entry.at))) }
                open = (body.id, placed.entry.at, body.expires)
            case .renewed:
                if open?.id == body.id { open?.expires = body.expires }
            case .ended:
                if let ended = open { spans.append((ended.from, min(ended.expires, placed.entry.at))) }
                open = nil
            }
        }
        if let open { spans.append((open.from, min(open.expires, last))) }
        return spans
    }
}
