import DurableFiles
import Messages

extension Agent {
    /// The part of the list that the verifier has not judged yet; after the quote, so that it has all that was quoted.
    /// - Parameter position: where that begins, if it is still the same boot.
    func imaList(from position: IMAListPosition?, resets: UInt32) throws(AgentError) -> IMAListPart {
        let offset = position.flatMap { $0.resetCount == resets ? $0.offset : nil } ?? 0
        do {
            let bytes = try BoundedFile.readKept(imaList, from: offset, limit: IMAListPart.maximumSize)
            return IMAListPart(offset: offset, bytes: Blob(bytes))
        } catch {
            var failure = AgentError(input: error)
            failure.message = "the list of what Linux measured: " + failure.message
            switch error.code {
            case .tooLarge:
                failure.hint = "a verifier judges no more at once: attest sooner after the boot, or measure less"
            case .missing:
                failure.hint = "start the kernel with an IMA policy, or name the list with --ima-list"
            default: break
            }
            throw failure
        }
    }
}
