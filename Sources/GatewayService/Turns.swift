/// One at a time, in the order in which they came: a TPM does one thing at a time, and a later quote overtakes an earlier one.
actor Turns {
    private var last: Task<Void, Never>?
    private var waiting = 0
    private let most: Int

    init(atMost most: Int) { self.most = most }

    /// Does the work when all that came before is done; `nil` when too many wait already.
    func take<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) async -> Result? {
        guard waiting < most else { return nil }
        waiting += 1
        let before = last
        let turn = Task {
            await before?.value
            return await work()
        }
        last = Task { _ = await turn.value }
        let result = await turn.value
        waiting -= 1
        return result
    }
}
