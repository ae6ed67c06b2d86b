from torch import nn
from torch.export import Dim

from case_list import case, core, normal

case("lstm", lambda: (nn.LSTM(3, 4), normal(5, 2, 3)))
case("lstm_batch_first_states", lambda: (lstm_with_states(), normal(2, 5, 3), normal(2, 2, 4), normal(2, 2, 4)))
case("lstm_bidirectional", lambda: (nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), normal(2, 5, 3)))
case("lstm_no_bias", lambda: (nn.LSTM(3, 4, bias=False), normal(5, 2, 3)))
case("lstm_projection", lambda: (nn.LSTM(3, 4, proj_size=2), normal(5, 2, 3)))
case("lstm_dynamic_batch", lambda: (nn.LSTM(3, 4, batch_first=True), normal(2, 5, 3)),
     dynamic=({0: Dim("batch")},), run_on=lambda: (normal(3, 5, 3),))
core("gru", lambda: (nn.GRU(3, 4), normal(5, 2, 3)))
case("gru_bidirectional", lambda: (nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), normal(2, 5, 3)))
case("gru_no_bias", lambda: (nn.GRU(3, 4, bias=False), normal(5, 2, 3)))
case("rnn_tanh", lambda: (nn.RNN(3, 4), normal(5, 2, 3)))
case("rnn_relu", lambda: (nn.RNN(3, 4, nonlinearity="relu", bidirectional=True), normal(5, 2, 3)))
case("lstm_cell", lambda: (nn.LSTMCell(3, 4), normal(2, 3)))
case("gru_cell", lambda: (nn.GRUCell(3, 4), normal(2, 3), normal(2, 4)))
case("lstm_core", lambda: (nn.LSTM(3, 4), normal(3, 2, 3)), decomposed=True)


def lstm_with_states():
    class WithStates(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True)

        def forward(self, x, hidden, cell):
            return self.lstm(x, (hidden, cell))

    return WithStates()
