/// Why the store could not do what was asked: nothing was decided by it, and nothing may be concluded from it.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is; compare this, show the description.
    public struct Code: Hashable, Sendable {
        private enum Kind {
            case missing, exists, notOurs, newerSchema, earlierSchema, exposed, notWritable, noSpace, busy, damaged,
                failed
        }
        private let kind: Kind

        /// There is no database.
        public static let missing = Code(kind: .missing)
        /// There is one already.
        public static let exists = Code(kind: .exists)
        /// The database is somebody else's.
        public static let notOurs = Code(kind: .notOurs)
        /// The database was written by a newer program.
        public static let newerSchema = Code(kind: .newerSchema)
        /// The database was written by an earlier program, which may have it open.
        public static let earlierSchema = Code(kind: .earlierSchema)
        /// Other users may read or write it.
        public static let exposed = Code(kind: .exposed)
        /// It cannot be written.
        public static let notWritable = Code(kind: .notWritable)
        /// No space is left.
        public static let noSpace = Code(kind: .noSpace)
        /// Somebody else held it for too long.
        public static let busy = Code(kind: .busy)
        /// What is stored contradicts itself.
        public static let damaged = Code(kind: .damaged)
        /// Anything else.
        public static let failed = Code(kind: .failed)
    }

    /// The kind of fault.
    public var code: Code
    /// What happened, in one sentence without a full stop.
    public var message: String
    /// What to do next.
    public var hint: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// What a store says of what it holds and cannot read: nothing but a backup makes that good.
    public static func damaged(_ message: String) -> StoreError {
        StoreError(.damaged, message, hint: "restore the latest backup")
    }

    /// What happened.
    public var description: String { message }
}
