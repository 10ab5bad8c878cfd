public import Messages

/// What happens in a slot of a hot line.
public enum SlotEvent: Sendable {
    /// Nothing answers: the slot waits for a board.
    case waiting
    /// A TPM answers and cannot be used, perhaps only not yet.
    case unready(String)
    /// The board is being worked on: leave it in.
    case begun(Label)
    /// It is done, or will not be born: the board may be taken out.
    case ended(LineResult)
    /// The serial number of the order is another board's, so the order is left aside; this board gets the next: leave it in.
    case setAside(LineResult)
    /// The board was born here and cleared since; it is whole again: take it out.
    case restored(LineResult)
    /// The board was born here, and is not, or could not be shown to be, what its birth says: take it out.
    case notWhole(LineResult)
    /// The board is known here, and is nothing that is to be made now: take it out.
    case known(Label, Standing)
    /// No order is left that this board may have: take it out. These wait for the boards that they were begun on.
    case noOrder(waiting: [Label])
    /// What is on disk cannot be read or written; the board may be taken out.
    case failed(String)

    /// What a board is that a station knows.
    public enum Standing: String, Sendable {
        case born
        /// As a device that the list does not order.
        case begun
        /// Another board has its serial number now.
        case retired
    }
}
