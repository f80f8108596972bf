import ArgumentParser
import JoinCommands

JoinCommand.main()
