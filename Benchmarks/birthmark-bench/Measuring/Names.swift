import Messages

extension Remark {
    /// A reason that this program made up.
    init(bench text: String) throws {
        guard let remark = Remark(text) else { throw WrongResult(name: "remark \(text)", wrong: 1, of: 1) }
        self = remark
    }
}

extension Label {
    /// A name that this program made up.
    init(bench text: String) throws {
        guard let label = Label(text) else { throw WrongResult(name: "label \(text)", wrong: 1, of: 1) }
        self = label
    }
}
