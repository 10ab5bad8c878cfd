import DurableFiles
public import Messages

extension StateDirectory {
    var gatewayPath: String { path + "/gateway.json" }

    /// The gateway that this device speaks through; `nil` when it asks the verifier itself.
    /// - Parameter offered: a file to take over in the place of the one before. A gateway is trusted with nothing but to carry: what the
    ///   verifier has said is signed.
    public func gateway(offered: String?) throws(AgentError) -> GatewayContact? {
        guard let offered else {
            guard let held = try read(gatewayPath, limit: GatewayContact.maximumSize) else { return nil }
            return try Self.parse(held, at: gatewayPath)
        }
        if let line = GatewayContact(line: offered) {
            do {
                try write(try EditedJSON.encode(line), to: gatewayPath)
            } catch {
                throw error as? AgentError ?? AgentError(.environment, "\(error)")
            }
            return line
        }
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(offered, limit: GatewayContact.maximumSize)
        } catch {
            var failure = AgentError(input: error)
            if offered.hasPrefix("line:") { failure.hint = "a line is named by its absolute path: line:/dev/ttyS0" }
            throw failure
        }
        let contact = try Self.parse(bytes, at: offered)
        if try read(gatewayPath, limit: GatewayContact.maximumSize) != bytes { try write(bytes, to: gatewayPath) }
        return contact
    }

    private static func parse(_ bytes: [UInt8], at path: String) throws(AgentError) -> GatewayContact {
        do {
            return try GatewayContact(parsing: bytes)
        } catch {
            throw AgentError(path, error)
        }
    }
}
