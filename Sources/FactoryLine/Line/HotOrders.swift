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
    private let states: Mutex<[State]>
    /// Orders whose serial number is another TPM's, as somebody has said who keeps the record of it.
    private let setAside = Mutex<Set<Int>>([])

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
        states = Mutex([])
        let found = try orders.map(state)
        states.withLock { $0 = found }
    }

    private func state(of order: LineOrder) throws -> State {
        if try isBorn(order) { return .born }
        return try files.binding(of: order.order.serial).map(State.bound) ?? .free
    }

    /// How many have a birth.
    var born: Int { states.withLock { $0.count { $0 == .born } } }

    /// Whether each has.
    var areDone: Bool { born == orders.count }

    /// The serial numbers of those that wait for the board they were begun on.
    var waiting: [Label] {
        states.withLock { states in
            zip(orders, states).compactMap { order, state in
                if case .bound = state { order.order.serial } else { nil }
            }
        }
    }

    /// Takes the order that a board was begun under.
    /// - Parameter board: the digests of its endorsement key, by profile.
    /// - Returns: the order's number; nil when there is none.
    func takeAgain(_ board: [String: ContentDigest]) -> Int? { take { $1.isBound(to: board, $2) } }

    /// Whether an order waits for a board.
    func isAwaited(_ board: [String: ContentDigest]) -> Bool {
        states.withLock { states in zip(orders, states).contains { $0.isBound(to: board, $1) } }
    }

    /// Takes the first order that any board may have in this slot.
    /// - Returns: the order's number; nil when there is none.
    func takeNext(in slot: Label) -> Int? {
        take { number, order, state in
            state == .free && (order.slot ?? slot) == slot && !isSetAside(number)
        }
    }

    /// Takes an order that was set aside, for a board that may be the one which has its number.
    /// - Parameter tried: orders that it was tried with.
    func takeSetAside(besides tried: Set<Int>) -> Int? {
        take { number, _, state in state == .free && isSetAside(number) && !tried.contains(number) }
    }

    private func isSetAside(_ number: Int) -> Bool { setAside.withLock { $0.contains(number) } }

    private func take(_ isWanted: (Int, LineOrder, State) -> Bool) -> Int? {
        states.withLock { states in
            guard let number = states.indices.first(where: { isWanted($0, orders[$0], states[$0]) }) else { return nil }
            states[number] = .taken
            return number
        }
    }

    /// Ends the work on an order: without a birth it is free again, or bound to the TPM that it was begun on.
    func end(_ number: Int) throws {
        let state = try state(of: orders[number])
        states.withLock { $0[number] = state }
    }

    /// Ends the work on an order whose serial number is another TPM's: boards get it when no other is left for them.
    /// - Returns: whether that was not known.
    func endSettingAside(_ number: Int) throws -> Bool {
        // Before it is free again, so that no other slot takes it.
        let isNews = setAside.withLock { $0.insert(number).inserted }
        try end(number)
        return isNews
    }

    /// Binds an order to the TPM that was certified for it: the CA knows of some that a killed station does not.
    /// - Parameter tpm: its digest, by profile.
    /// - Returns: whether there was such an order to bind.
    func bind(_ serial: Label, to tpm: (_ profile: String) -> ContentDigest?) -> Bool {
        states.withLock { states in
            guard let number = orders.firstIndex(where: { $0.order.serial == serial }), states[number] == .free,
                let digest = tpm(orders[number].profile)
            else { return false }
            states[number] = .bound(digest)
            return true
        }
    }
}

extension LineOrder {
    fileprivate func isBound(to board: [String: ContentDigest], _ state: HotOrders.State) -> Bool {
        board[profile].map { state == .bound($0) } ?? false
    }
}
