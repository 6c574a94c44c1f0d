"""The ledger: what Hedui remembers between nights, in PostgreSQL (schema ``hedui``).

:mod:`hedui.ledger.models` says what there is, :mod:`hedui.ledger.schema` brings a database up to date,
:mod:`hedui.ledger.database` opens transactions.
"""

from hedui.ledger import batches as batches  # their tables belong to the one metadata
from hedui.ledger import corrections_models as corrections_models  # as above
from hedui.ledger import dispatch_models as dispatch_models  # as above
from hedui.ledger import exchange_models as exchange_models  # as above
from hedui.ledger import operations_models as operations_models  # as above
from hedui.ledger import padis_models as padis_models  # as above
from hedui.ledger import region_models as region_models  # its tables belong to the one metadata
