"""The commented first ``defs.yaml``: ``ml-connector init``, ``discover`` and ``dg scaffold`` all start from this text."""

SAMPLE = """\
# One company in one accounting system, paired with one Anaplan model. The connection's name is this folder's.
# Fill in the <…> marks, then: ml-connector check --offline, credential set, connect, check.
type: ml_connector_dagster.components.Connection
attributes:
  version: 1
  owners: ["team:finance"]
  source:
    system: xero
    company_id: "<tenant id>"            # ml-connector discover lists what the credential reaches
    credential: my_xero                  # one consent may serve several connections
    time_zone: Europe/London             # the company's own; decides which month is open
  anaplan:
    region: us1
    workspace: "<32 hex digits, lower case>"
    model: "<32 HEX DIGITS, UPPER CASE>"
    credential: my_anaplan
  periods: {start: 2024-01, open_months: 3, lock_from_source: true}
  schedule: "0 5 * * *"                  # when the open periods are read again; a list or module may name its own
  lists:
    - {name: accounts,  from: ledger_accounts, import: "Accounts from Xero"}
    - {name: customers, from: customers,       import: "Customers from Xero"}
  modules:
    - name: actuals
      from: ledger_lines
      import: "Actuals from Xero"        # import action or process, by exact name or 112… / 118… id
      columns: {Entity: "=UK", Version: "=Actual", Period: period, Account: ledger_account, Customer: customer, Amount: amount}
      grain: cell                        # cell | document | line
      measure: movement                  # movement | closing_balance
      accounts: profit_and_loss          # profit_and_loss | balance_sheet | all
      sign: natural                      # natural | debit_positive
      period_format: iso_date            # iso_date | yyyymmdd | mmm_yy | a strftime pattern
      clear: {Entity: in_file, Period: in_file, Account: all}
      read_back:                         # the saved view in which the figure is read again: file column -> dimension
        view: "Actuals by entity"
        line_item: Amount
        columns: {Entity: Entities, Version: Versions, Period: Time, Account: Accounts, Customer: Customers}
  mapping:
    ledger_account: {file: mapping/accounts.csv, unmapped: refuse}   # ml-connector mapping suggest, then import, write it
"""
