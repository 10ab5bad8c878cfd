import Messages

struct Missing: Error {}

extension Optional {
    /// The value; a test ends that finds none.
    func found() throws -> Wrapped {
        guard let self else { throw Missing() }
        return self
    }
}

func label(_ text: String) throws -> Label { try Label(text).found() }

func remark(_ text: String) throws -> OperatorReason { try OperatorReason(text).found() }
