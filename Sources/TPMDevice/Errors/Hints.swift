internal import TPMWire

extension ResponseCode {
    /// What a person does next, for the errors that people meet.
    var hint: String? {
        if layer == .tcti {
            return "The way to the TPM broke: the device, socket or resource manager behind the TCTI went away."
        }
        switch code {
        case .initialize:
            return "Firmware starts the TPM on a real machine; a software TPM needs TPM2_Startup."
        case .failure:
            return "Power-cycle the machine; a software TPM cannot use its state directory."
        case .disabled:
            return "See the TPM settings of the firmware."
        case .objectMemory:
            return "Use the resource manager (device:/dev/tpmrm0) instead of /dev/tpm0, or flush what others left "
                + "behind (tpm2_flushcontext -t)."
        case .sessionMemory, .sessionHandles:
            return "Use the resource manager (device:/dev/tpmrm0), or flush what others left behind "
                + "(tpm2_flushcontext -l -s)."
        case .nvSpace:
            return "Look for indices that nothing needs any more (tpm2_nvreadpublic)."
        case .nvDefined:
            return "Somebody has used this index or persistent handle already."
        case .lockout:
            return "Leave the power on and wait for the recovery time, or reset it with the lockout authorization "
                + "(tpm2_dictionarylockout --clear-lockout)."
        case .retry, .yielded, .testing:
            return "The TPM had no time for the command in several seconds, perhaps because it tests itself: wait a "
                + "moment and run the same command again."
        case .nvRate, .nvUnavailable:
            return "The TPM could not write to its NV in several seconds, perhaps because it rations writing: wait a "
                + "minute and run the same command again."
        case .authFail, .badAuth:
            return "Was the authorization value changed by another owner?"
        default:
            return nil
        }
    }
}

extension TPMError {
    /// What to do next, after what ``description`` says to do about this code, if it says so.
    public var hint: String {
        switch cause {
        case .returned(let response, _):
            lockout != nil || response.hint != nil
                ? "then run the same command again"
                : "run the same command again; if it repeats, tpm2_rc_decode 0x\(String(response.rawValue, radix: 16)) says more of the code"
        case .malformed:
            "check that it is a TPM 2.0, and that nobody uses it past the resource manager (device:/dev/tpmrm0)"
        case .argument:
            "nothing was sent to the TPM: check the profile, and the handles and PCRs that it names"
        case .unavailable:
            """
            name the TPM with --tcti or TPM2TOOLS_TCTI: device:/dev/tpmrm0 for a hardware TPM, swtpm:path=/path/to/socket for a \
            software TPM, tabrmd: for the resource manager daemon
            """
        }
    }
}
