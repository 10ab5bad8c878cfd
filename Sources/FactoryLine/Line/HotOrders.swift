import Messages
import Synchronization

/// The orders of a hot line: which board gets which, and which of them still have none.
///
/// What binds a serial number to a TPM is on disk, or known to the CA, and is asked there: an order whose certificates were
/// issued waits for the board that has them, however long ago and by whomever that was.
final class HotOrders: Sendable {
    fileprivate enum State: Equatable {
        /// Any board may have it.
        case free
        /// A board is being worked on under it.
        case taken
        /// Certificates were issued for it: this TPM finishes it, and no other.
        case bound(ContentDigest)
        case born
    }

    let orders: [LineOrder]
    private let files: BirthFiles
    private let isBorn: @Sendable (LineOrder) throws -> Bool
    private let standings: Mutex<Standings>

    private struct Standings {
        var states: [State]
        /// Orders whose serial number is another TPM's, as somebody has said who keeps the record of it.
        var setAside: Set<Int> = []
    }

    /// Finds out how far each order has come.
    /// - Parameter isBorn: whether there is a signed birth for an order.
    init(
        _ orders: [LineOrder],
        files: BirthFiles,
        isBorn: @escaping @Sendable (LineOrder) throws -> Bool
    ) throws {
        self.orders = orders
        self.files = files
        self.isBorn = isBorn
        standings = Mutex(Standings(states: try orders.map { try Self.state(of: $0, files, isBorn) }))
    }

    private static func state(
        of order: LineOrder,
        _ files: BirthFiles,
        _ isBorn: (LineOrder) throws -> Bool
    ) throws -> State {
        if try isBorn(order) { return .born }
        return try files.binding(of: order.order.serial).map(State.bound) ?? .free
    }

    /// How many have a birth.
    var born: Int { standings.withLock { $0.states.count { $0 == .born } } }

    /// Whether each has.
    var areDone: Bool { born == orders.count }

    /// The serial numbers of those that wait for the board they were begun on.
    var waiting: [Label] {
        standings.withLock { standings in
            zip(orders, standings.states).compactMap { order, state in
                if case .bound = state { order.order.serial } else { nil }
            }
        }
    }

    /// Takes the order that a board was begun under.
    /// - Parameter board: the digests of its endorsement key, by profile.
    /// - Returns: the order's number; nil when there is none.
    func takeAgain(_ board: [String: ContentDigest]) -> Int? {
        take { order, state, _, _ in order.isBound(to: board, state) }
    }

    /// Whether an order waits for a board.
    func isAwaited(_ board: [String: ContentDigest]) -> Bool {
        standings.withLock { standings in
            zip(orders, standings.states).contains { $0.isBound(to: board, $1) }
        }
    }

    /// Takes the first order that any board may have in this slot.
    /// - Returns: the order's number; nil when there is none.
    func takeNext(in slot: Label) -> Int? {
        take { order, state, isSetAside, _ in
            state == .free && (order.slot ?? slot) == slot && !isSetAside
        }
    }

    /// Takes an order that was set aside, for a board that may be the one which has its number.
    /// - Parameter tried: orders that it was tried with.
    func takeSetAside(besides tried: Set<Int>) -> Int? {
        take { _, state, isSetAside, number in state == .free && isSetAside && !tried.contains(number) }
    }

    private func take(_ isWanted: (LineOrder, State, _ isSetAside: Bool, _ number: Int) -> Bool) -> Int? {
        standings.withLock { standings in
            let number = orders.indices.first {
                isWanted(orders[$0], standings.states[$0], standings.setAside.contains($0), $0)
            }
            if let number { standings.states[number] = .taken }
            return number
        }
    }

    /// Ends the work on an order: without a birth it is free again, or bound to the TPM that it was begun on.
    func end(_ number: Int) throws {
        let state = try Self.state(of: orders[number], files, isBorn)
        standings.withLock { $0.states[number] = state }
    }

    /// Ends the work on an order whose serial number is another TPM's: boards get it when no other is left for them.
    /// - Returns: whether that was not known.
    func endSettingAside(_ number: Int) throws -> Bool {
        let state = try Self.state(of: orders[number], files, isBorn)
        return standings.withLock { standings in
            standings.states[number] = state
            return standings.setAside.insert(number).inserted
        }
    }

    /// Binds an order to the TPM that was certified for it: the CA knows of some that a killed station does not.
    /// - Parameter tpm: its digest, by profile.
    /// - Returns: whether there was such an order to bind.
    func bind(_ serial: Label, to tpm: (_ profile: String) -> ContentDigest?) -> Bool {
        standings.withLock { standings in
            guard let number = orders.firstIndex(where: { $0.order.serial == serial }),
                standings.states[number] == .free, let digest = tpm(orders[number].profile)
            else { return false }
            standings.states[number] = .bound(digest)
            return true
        }
    }
}

extension LineOrder {
    fileprivate func isBound(to board: [String: ContentDigest], _ state: HotOrders.State) -> Bool {
        board[profile].map { state == .bound($0) } ?? false
    }
}
